using ILGPU;
using ILGPU.Runtime;
using KernelGen;
using KernelGen.Ilgpu;

namespace IlgpuMoe;

/// <summary>The layer's buffers in device memory. The X dimension of a matrix is its row: [T, H] has extent (X: H, Y: T).</summary>
internal sealed class DeviceState(AcceleratorStream stream, ExpertWeights<BFloat16> expertWeights, float[] correctionBias, int tokens, int topK) : IDisposable
{
    private readonly DeviceExpertWeights<BFloat16> _expertWeights = DeviceExpertWeights<BFloat16>.Upload(stream, expertWeights);
    private readonly MemoryBuffer1D<float, Stride1D.Dense> _correctionBias = stream.Accelerator.Allocate1D(correctionBias);
    private readonly MemoryBuffer2D<float, Stride2D.DenseX> _logits = Matrix<float>(stream, tokens, expertWeights.Experts);
    private readonly MemoryBuffer2D<float, Stride2D.DenseX> _hidden = Matrix<float>(stream, tokens, expertWeights.HiddenSize);
    private readonly MemoryBuffer2D<float, Stride2D.DenseX> _weights = Matrix<float>(stream, tokens, topK);
    private readonly MemoryBuffer2D<int, Stride2D.DenseX> _experts = Matrix<int>(stream, tokens, topK);
    private readonly MemoryBuffer2D<float, Stride2D.DenseX> _output = Matrix<float>(stream, tokens, expertWeights.HiddenSize);

    /// <summary>Copies the inputs of a step to the buffers that the kernels read.</summary>
    public void Upload(float[] logits, float[] hidden)
    {
        _logits.View.BaseView.CopyFromCPU(stream, logits);
        _hidden.View.BaseView.CopyFromCPU(stream, hidden);
    }

    /// <summary>Enqueues gate and experts, as a program would between its own kernels. Does not wait.</summary>
    public void Enqueue(AcceleratorStream target)
    {
        Layer.Route(target, _logits.View, _correctionBias.View, _weights.View, _experts.View);
        Layer.Forward(target, _hidden.View, _expertWeights, _weights.View, _experts.View, _output.View);
    }

    /// <summary>Waits for the stream and copies the results back.</summary>
    public (int[] Experts, float[] Output) Download()
    {
        var (experts, output) = (new int[_experts.Length], new float[_output.Length]);
        _experts.View.BaseView.CopyToCPU(stream, experts);
        _output.View.BaseView.CopyToCPU(stream, output);
        stream.Synchronize();
        return (experts, output);
    }

    public void Dispose()
    {
        foreach (var buffer in new IDisposable[] { _expertWeights, _correctionBias, _logits, _hidden, _weights, _experts, _output }) buffer.Dispose();
    }

    private static MemoryBuffer2D<T, Stride2D.DenseX> Matrix<T>(AcceleratorStream stream, int rows, int columns)
        where T : unmanaged => stream.Accelerator.Allocate2DDenseX<T>(new LongIndex2D(columns, rows));
}
