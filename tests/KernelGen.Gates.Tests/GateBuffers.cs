using KernelGen.Compiler.Families;

namespace KernelGen.Tests;

/// <summary>The arguments of one call of a gate, whatever device runs it.</summary>
/// <param name="Spec">The gate.</param>
/// <param name="Tokens">Number of tokens T.</param>
/// <param name="Logits">[T, E].</param>
/// <param name="LogitsStride">Elements from row to row.</param>
/// <param name="Bias">[E], or empty.</param>
/// <param name="TokenIds">[T].</param>
/// <param name="Table">[T, k].</param>
/// <param name="Weights">Receives [T, k], behind and before a guard.</param>
/// <param name="Experts">Receives [T, k], behind and before a guard.</param>
/// <param name="Guard">Elements before the first row of the outputs, and behind the last.</param>
/// <param name="Stride">Elements from row to row of the outputs and of the table.</param>
/// <param name="Factor">Routed scaling factor.</param>
internal sealed record GateBuffers<TLogit>(
    MoeGateSpec Spec, int Tokens, TLogit[] Logits, int LogitsStride, float[] Bias, int[] TokenIds, int[] Table,
    float[] Weights, int[] Experts, int Guard, int Stride, float Factor)
    where TLogit : unmanaged;

/// <summary>Calls a gate.</summary>
internal interface IGateRunner
{
    /// <summary>Routes the tokens into <see cref="GateBuffers{TLogit}.Weights"/> and <see cref="GateBuffers{TLogit}.Experts"/>.</summary>
    void Run<TLogit>(GateBuffers<TLogit> buffers)
        where TLogit : unmanaged;
}
