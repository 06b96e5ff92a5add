using ILGPU;
using ILGPU.Runtime;
using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;

namespace KernelGen.Tests;

/// <summary>A generated <c>Forward</c> for a stream and views.</summary>
internal delegate void DeviceForward<T>(
    AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> hidden, DeviceExpertWeights<T> expertWeights,
    ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, ArrayView2D<float, Stride2D.DenseX> output, int splitK = 0)
    where T : unmanaged;

/// <summary>Entry points that leave less open than the generated ones.</summary>
internal static class DeviceForwards
{
    /// <summary>The portable products, cut as one wants.</summary>
    public static DeviceForward<T> Portable<T>(KernelAssembly kernels, FusedMoeSpec spec, ExpertTile tile)
        where T : unmanaged => kernels.IlgpuKernels(spec) switch
    {
        ExpertsKernels<uint> singles => Through<T, uint>(singles, tile),
        ExpertsKernels<ushort> halves => Through<T, ushort>(halves, tile),
        var bytes => Through<T, byte>((ExpertsKernels<byte>)bytes, tile),
    };

    private static DeviceForward<T> Through<T, TBits>(ExpertsKernels<TBits> kernels, ExpertTile tile)
        where T : unmanaged
        where TBits : unmanaged => (stream, hidden, expertWeights, weights, experts, output, _) =>
        DeviceExpertsCall<T>.Create(stream, hidden, expertWeights, weights, experts, output)
            .RunPortable(kernels, expertWeights.GateUp.Cast<TBits>(), expertWeights.Down.Cast<TBits>(), tile);
}

/// <summary>Experts on an ILGPU device: uploads, runs, downloads. Rows lie apart and the output stands between guards, which nothing may change.</summary>
internal sealed class DeviceExperts<T>(TestDevice device, DeviceForward<T> forward, int topK, int splitK = 0)
    where T : unmanaged
{
    private const int Gap = 2;

    public void Run(float[] hidden, ExpertWeights<T> expertWeights, float[] weights, int[] experts, float[] output, int tokens)
    {
        var stream = device.Stream;
        using var deviceWeights = DeviceExpertWeights<T>.Upload(stream, expertWeights);
        using var hiddenRows = new Rows<float>(device, hidden, tokens, expertWeights.HiddenSize);
        using var weightRows = new Rows<float>(device, weights, tokens, topK);
        using var expertRows = new Rows<int>(device, experts, tokens, topK);
        using var outputRows = new Rows<float>(device, output, tokens, expertWeights.HiddenSize, float.NaN);
        forward(stream, hiddenRows.View, deviceWeights, weightRows.View, expertRows.View, outputRows.View, splitK);
        stream.Synchronize();
        outputRows.Download(output);
    }

    /// <summary>Runs that fill every result with the same inputs.</summary>
    public ExpertsRunner<T> RunOften(float[][] results) => (hidden, expertWeights, weights, experts, output, tokens) =>
    {
        var stream = device.Stream;
        using var deviceWeights = DeviceExpertWeights<T>.Upload(stream, expertWeights);
        using var hiddenRows = new Rows<float>(device, hidden, tokens, expertWeights.HiddenSize);
        using var weightRows = new Rows<float>(device, weights, tokens, topK);
        using var expertRows = new Rows<int>(device, experts, tokens, topK);
        for (var run = 0; run < results.Length; run++)
        {
            using var outputRows = new Rows<float>(device, output, tokens, expertWeights.HiddenSize, float.NaN);
            forward(stream, hiddenRows.View, deviceWeights, weightRows.View, expertRows.View, outputRows.View, splitK);
            stream.Synchronize();
            outputRows.Download(results[run] = new float[output.Length]);
        }
    };

    private sealed class Rows<TElement> : IDisposable
        where TElement : unmanaged
    {
        private readonly MemoryBuffer1D<TElement, Stride1D.Dense> _buffer;
        private readonly (int Tokens, int Columns) _extent;
        private readonly TestDevice _device;
        private readonly TElement _gap;

        public Rows(TestDevice device, TElement[] values, int tokens, int columns, TElement gap = default)
        {
            (_device, _gap, _extent) = (device, gap, (tokens, columns));
            var spread = new TElement[(tokens * Stride) + 1];
            spread.AsSpan().Fill(gap);
            for (var token = 0; token < tokens; token++) values.AsSpan(token * _extent.Columns, _extent.Columns).CopyTo(spread.AsSpan(token * Stride));
            _buffer = device.Accelerator.Allocate1D<TElement>(spread.Length);
            _buffer.View.CopyFromCPU(device.Stream, spread);
            device.Stream.Synchronize();
        }

        public ArrayView2D<TElement, Stride2D.DenseX> View => new(_buffer.View, new LongIndex2D(_extent.Columns, _extent.Tokens), new Stride2D.DenseX(Stride));

        private int Stride => _extent.Columns + Gap;

        public void Download(TElement[] values)
        {
            var spread = new TElement[_buffer.Length];
            _buffer.View.CopyToCPU(_device.Stream, spread);
            _device.Stream.Synchronize();
            for (var token = 0; token < _extent.Tokens; token++)
            {
                spread.AsSpan(token * Stride, _extent.Columns).CopyTo(values.AsSpan(token * _extent.Columns));
                Assert.All(spread.AsSpan((token * Stride) + _extent.Columns, Gap).ToArray(), value => Assert.Equal(_gap, value));
            }
        }

        public void Dispose() => _buffer.Dispose();
    }
}
