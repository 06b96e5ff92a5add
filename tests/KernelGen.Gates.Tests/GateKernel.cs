using KernelGen.Cpu;

namespace KernelGen.Tests;

/// <summary>A gate kernel of the CPU, by its address.</summary>
internal sealed unsafe class GateKernel(nint address) : IGateRunner
{
    /// <inheritdoc/>
    public void Run<TLogit>(GateBuffers<TLogit> buffers)
        where TLogit : unmanaged
    {
        fixed (TLogit* logits = buffers.Logits)
        fixed (float* bias = buffers.Bias, weights = buffers.Weights)
        fixed (int* experts = buffers.Experts, table = buffers.Table, tokenIds = buffers.TokenIds)
        {
            var arguments = new GateArguments
            {
                Logits = logits,
                LogitsStride = buffers.LogitsStride,
                CorrectionBias = bias,
                TokenIds = tokenIds,
                Table = table,
                TableStride = buffers.Stride,
                Weights = weights + buffers.Guard,
                WeightsStride = buffers.Stride,
                Experts = experts + buffers.Guard,
                ExpertsStride = buffers.Stride,
                Tokens = buffers.Tokens,
                RoutedScalingFactor = buffers.Factor,
            };
            ((delegate*<in GateArguments, void>)address)(in arguments);
        }
    }
}
