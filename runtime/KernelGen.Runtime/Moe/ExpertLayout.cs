namespace KernelGen;

/// <summary>The layout of an expert's projections in a checkpoint that keeps all experts in one tensor. Kernels read <see cref="RowMajor"/>.</summary>
[Flags]
public enum ExpertLayout
{
    /// <summary>gate_up [E, 2I, H], the gate rows before the up rows, and down [E, H, I].</summary>
    RowMajor = 0,

    /// <summary>Gate and up rows are interleaved, starting with a gate row.</summary>
    Interleaved = 1,

    /// <summary>Input-major: gate_up [E, H, 2I] and down [E, I, H] (llama4; with <see cref="Interleaved"/>, gpt-oss).</summary>
    Transposed = 2,
}
