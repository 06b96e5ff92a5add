using System.Numerics.Tensors;
using ILGPU;
using ILGPU.Runtime;
using KernelGen.Benchmarking;
using KernelGen.Cpu;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>A generated <c>Route</c> for a stream and views.</summary>
internal delegate void DeviceRoute(
    AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> logits, ArrayView<float> correctionBias,
    ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, float routedScalingFactor = 1f, int nonPaddedTokens = -1);

/// <summary>One gate: checked against double precision on the published numbers of tokens, then timed.</summary>
internal sealed class GateBenchmark(string name, GateShape shape, DeviceRoute route)
{
    private static readonly int[] Checked = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];
    private static readonly int[] Timed = [1, 16, 64, 512, 4096, 16384, 65536];

    /// <summary>False when a result is wrong.</summary>
    public bool Run(AcceleratorStream stream)
    {
        var workload = new GateWorkload<float>(shape, Checked[^1]);
        var worst = 0.0;
        foreach (var tokens in Checked)
        {
            var result = workload.Verify((logits, bias, weights, experts, factor, nonPadded, _) => OnDevice(stream, logits, bias, weights, experts, factor, nonPadded), tokens);
            worst = Math.Max(worst, result.MaxError);
            if (result.Mismatch is null) continue;
            Console.WriteLine($"{name}: WRONG at {tokens} tokens: {result.Mismatch}");
            return false;
        }

        Console.WriteLine($"{name}: right on {Checked.Length} numbers of tokens, weights within {worst:E1}");
        Console.WriteLine("   tokens   launched µs   replayed µs      GB/s");
        foreach (var tokens in Timed) Time(stream, tokens, workload.Bytes(tokens));
        return true;
    }

    private void Time(AcceleratorStream stream, int tokens, double bytes)
    {
        using var logits = stream.Accelerator.Allocate1D(RandomNumbers.Normal((long)tokens * shape.Experts, seed: 1));
        using var bias = stream.Accelerator.Allocate1D(Array.ConvertAll(RandomNumbers.Normal(shape.Experts, seed: 2), value => 0.1f * value));
        using var weights = stream.Accelerator.Allocate1D<float>((long)tokens * shape.TopK);
        using var experts = stream.Accelerator.Allocate1D<int>((long)tokens * shape.TopK);
        var timing = DeviceTiming.Of(stream, s => route(
            s, Matrix(logits, tokens), shape.CorrectionBias ? bias.View : ArrayView<float>.Empty, Matrix(weights, tokens), Matrix(experts, tokens)));
        Console.WriteLine(FormattableString.Invariant($"{tokens,9} {timing.Launched,13:F2} {timing.Replayed,13:F2} {bytes / timing.Replayed / 1e3,9:F0}"));
    }

    private void OnDevice(
        AcceleratorStream stream, ReadOnlyTensorSpan<float> logits, ReadOnlySpan<float> correctionBias, TensorSpan<float> weights, TensorSpan<int> experts, float factor, int nonPadded)
    {
        var tokens = (int)logits.Lengths[0];
        var (input, weight, expert) = (new float[logits.FlattenedLength], new float[weights.FlattenedLength], new int[experts.FlattenedLength]);
        logits.FlattenTo(input);
        using var deviceLogits = stream.Accelerator.Allocate1D(input);
        using var bias = stream.Accelerator.Allocate1D(correctionBias.IsEmpty ? [0f] : correctionBias.ToArray());
        using var deviceWeights = stream.Accelerator.Allocate1D<float>(weight.Length);
        using var deviceExperts = stream.Accelerator.Allocate1D<int>(expert.Length);
        route(
            stream, Matrix(deviceLogits, tokens), correctionBias.IsEmpty ? ArrayView<float>.Empty : bias.View,
            Matrix(deviceWeights, tokens), Matrix(deviceExperts, tokens), factor, nonPadded);
        stream.Synchronize();
        deviceWeights.CopyToCPU(weight);
        deviceExperts.CopyToCPU(expert);
        new TensorSpan<float>(weight, weights.Lengths).CopyTo(weights);
        new TensorSpan<int>(expert, experts.Lengths).CopyTo(experts);
    }

    private static ArrayView2D<T, Stride2D.DenseX> Matrix<T>(MemoryBuffer1D<T, Stride1D.Dense> buffer, int rows)
        where T : unmanaged
    {
        var columns = buffer.Length / rows;
        return new(buffer.View, new LongIndex2D(columns, rows), new Stride2D.DenseX((int)columns));
    }
}
