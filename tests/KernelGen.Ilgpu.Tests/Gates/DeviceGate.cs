using ILGPU;
using ILGPU.Runtime;
using KernelGen.Ilgpu;

namespace KernelGen.Tests;

/// <summary>A gate on an ILGPU device: uploads, routes, downloads.</summary>
/// <param name="device">The device.</param>
/// <param name="kernels">A <see cref="GateKernels{TLogit}"/>.</param>
/// <param name="form">The form of the kernel; by default the device chooses.</param>
internal sealed class DeviceGate(TestDevice device, object kernels, GateForm? form = null) : IGateRunner
{
    /// <inheritdoc/>
    public void Run<TLogit>(GateBuffers<TLogit> buffers)
        where TLogit : unmanaged
    {
        var (accelerator, stream) = (device.Accelerator, device.Stream);
        using var logits = Upload(buffers.Logits);
        using var bias = Upload(buffers.Bias);
        using var tokenIds = Upload(buffers.TokenIds);
        using var table = Upload(buffers.Table);
        using var weights = Upload(buffers.Weights);
        using var experts = Upload(buffers.Experts);
        var (tokens, topK) = (buffers.Tokens, buffers.Spec.TopK);
        var logitsView = Matrix(logits, 0, tokens, buffers.Spec.Experts, buffers.LogitsStride);
        var weightsView = Matrix(weights, buffers.Guard, tokens, topK, buffers.Stride);
        var expertsView = Matrix(experts, buffers.Guard, tokens, topK, buffers.Stride);
        var call = buffers.Spec.HashTable
            ? DeviceGateCall<TLogit>.CreateByTable(stream, logitsView, tokenIds.View.SubView(0, tokens), Matrix(table, 0, tokens, topK, buffers.Stride), weightsView, expertsView, buffers.Factor, -1)
            : DeviceGateCall<TLogit>.Create(stream, logitsView, bias.View.SubView(0, buffers.Bias.Length), weightsView, expertsView, buffers.Factor, -1);
        // The warp's form reads aligned rows.
        var fitting = form == GateForm.Warp && buffers.LogitsStride % 4 != 0 ? GateForm.Unaligned : form;
        switch (kernels)
        {
            case GateKernels<float> singles: call.Run(singles, fitting); break;
            case GateKernels<ILGPU.Half> halves: call.Run(halves, fitting); break;
            case GateKernels<ushort> bits: call.Run(bits, fitting); break;
            default: throw new ArgumentException($"{kernels.GetType()} are no kernels of a gate", nameof(kernels));
        }

        stream.Synchronize();
        weights.View.CopyToCPU(stream, buffers.Weights);
        experts.View.CopyToCPU(stream, buffers.Experts);
        stream.Synchronize();

        // No buffer is empty, which ILGPU has no address for.
        MemoryBuffer1D<T, Stride1D.Dense> Upload<T>(T[] values)
            where T : unmanaged
        {
            var buffer = accelerator.Allocate1D<T>(Math.Max(values.Length, 1));
            if (values.Length > 0) buffer.View.CopyFromCPU(stream, values);
            stream.Synchronize();
            return buffer;
        }
    }

    private static ArrayView2D<T, Stride2D.DenseX> Matrix<T>(MemoryBuffer1D<T, Stride1D.Dense> buffer, int start, int rows, int columns, int stride)
        where T : unmanaged => new(buffer.View.SubView(start, buffer.Length - start), new LongIndex2D(columns, rows), new Stride2D.DenseX(stride));
}
