using ILGPU;
using ILGPU.Runtime;
using KernelGen.Benchmarking;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>The weights of a layer's experts in a device's memory: a pattern, repeated, whose length no row divides.</summary>
internal sealed class ExpertsWeights : IDisposable
{
    private const int PatternLength = (1 << 24) + 8;

    private static readonly Lazy<BFloat16[]> Pattern = new(() => Array.ConvertAll(RandomNumbers.Normal(PatternLength, seed: 3), value => (BFloat16)(0.02f * value)));

    private readonly MemoryBuffer1D<BFloat16, Stride1D.Dense> _gateUp;
    private readonly MemoryBuffer1D<BFloat16, Stride1D.Dense> _down;

    public ExpertsWeights(AcceleratorStream stream, int experts, int hiddenSize, int intermediateSize)
    {
        _gateUp = stream.Accelerator.Allocate1D<BFloat16>(2L * experts * intermediateSize * hiddenSize);
        _down = stream.Accelerator.Allocate1D<BFloat16>((long)experts * intermediateSize * hiddenSize);
        Fill(stream, _gateUp.View);
        Fill(stream, _down.View);
        OnDevice = DeviceExpertWeights<BFloat16>.FromViews(_gateUp.View, _down.View, experts, hiddenSize, intermediateSize);
    }

    public DeviceExpertWeights<BFloat16> OnDevice { get; }

    /// <summary>An element of either tensor.</summary>
    public static float Element(long index) => (float)Pattern.Value[index % PatternLength];

    public void Dispose()
    {
        OnDevice.Dispose();
        _gateUp.Dispose();
        _down.Dispose();
    }

    private static void Fill(AcceleratorStream stream, ArrayView<BFloat16> view)
    {
        for (var start = 0L; start < view.Length; start += PatternLength)
        {
            var length = (int)Math.Min(PatternLength, view.Length - start);
            view.SubView(start, length).CopyFromCPU(stream, new ReadOnlySpan<BFloat16>(Pattern.Value, 0, length));
        }

        stream.Synchronize();
    }
}
