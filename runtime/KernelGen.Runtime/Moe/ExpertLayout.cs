namespace KernelGen;

/// <summary>How a checkpoint that keeps all experts in one tensor lays out an expert's projections. Kernels read <see cref="RowMajor"/> ones.</summary>
[Flags]
public enum ExpertLayout
{
    /// <summary>gate_up [E, 2I, H], the gate rows before the up rows, and down [E, H, I].</summary>
    RowMajor = 0,

    /// <summary>Gate and up rows take turns, the first a gate's.</summary>
    Interleaved = 1,

    /// <summary>Inputs before outputs: gate_up [E, H, 2I] and down [E, I, H] (llama4; with <see cref="Interleaved"/>, gpt-oss).</summary>
    Transposed = 2,
}
