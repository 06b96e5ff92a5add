using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>How a kernel divides its tokens.</summary>
/// <param name="TopK">Number of slots per token.</param>
/// <param name="Experts">Number of experts.</param>
/// <param name="PanelTokens">Number of tokens in a full panel; 0 if the kernel processes rows only.</param>
/// <param name="NarrowTokens">Number of tokens in a narrow panel, for a remainder.</param>
/// <param name="RowTokens">Maximum number of tokens in a block of rows.</param>
/// <param name="SegmentBlocks">Maximum number of blocks in a segment.</param>
/// <param name="QuantizedBytes">Bytes per element of a quantised hidden state in the workspace; 0 if the kernel reads hidden states unchanged.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct ExpertsTiling(int TopK, int Experts, int PanelTokens, int NarrowTokens, int RowTokens, int SegmentBlocks, int QuantizedBytes = 0);
