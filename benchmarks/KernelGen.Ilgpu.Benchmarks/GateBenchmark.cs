using ILGPU;
using ILGPU.Runtime;
using KernelGen.Benchmarking;
using KernelGen.Cpu;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>One gate: checks it against double precision at the published token counts, then times it.</summary>
internal sealed class GateBenchmark(string name, GateShape shape, DeviceGateRoute<float> route)
{
    private static readonly int[] Checked = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];
    private static readonly int[] Timed = [1, 16, 64, 512, 4096, 16384, 65536];

    /// <summary>Runs the benchmark; false if a result is wrong.</summary>
    public bool Run(AcceleratorStream stream)
    {
        var workload = new GateWorkload<float>(shape, Checked[^1]);
        using var gate = new DeviceGate<float>(stream, route);
        var worst = 0.0;
        foreach (var tokens in Checked)
        {
            var result = workload.Verify(gate.Kernel, tokens);
            worst = Math.Max(worst, result.MaxError);
            if (result.Mismatch is null) continue;
            Console.WriteLine($"{name}: WRONG at {tokens} tokens: {result.Mismatch}");
            return false;
        }

        Console.WriteLine($"{name}: correct for {Checked.Length} token counts, weights within {worst:E1}");
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

    private static ArrayView2D<T, Stride2D.DenseX> Matrix<T>(MemoryBuffer1D<T, Stride1D.Dense> buffer, int rows)
        where T : unmanaged
    {
        var columns = buffer.Length / rows;
        return new(buffer.View, new LongIndex2D(columns, rows), new Stride2D.DenseX((int)columns));
    }
}
