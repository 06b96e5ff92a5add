using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>How a kernel wants its tokens cut.</summary>
/// <param name="TopK">Slots of a token.</param>
/// <param name="Experts">Number of experts.</param>
/// <param name="PanelTokens">Tokens of a full panel; 0 when the kernel takes rows only.</param>
/// <param name="NarrowTokens">Tokens of a narrow panel, for a remainder.</param>
/// <param name="RowTokens">Most tokens of a block of rows.</param>
/// <param name="SegmentBlocks">Most blocks of a segment.</param>
/// <param name="QuantizedBytes">Bytes of a quantised hidden state in the workspace; 0 when the kernel reads hidden states as they are.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct MoeTiling(int TopK, int Experts, int PanelTokens, int NarrowTokens, int RowTokens, int SegmentBlocks, int QuantizedBytes = 0);
