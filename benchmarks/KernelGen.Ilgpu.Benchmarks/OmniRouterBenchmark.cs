using System.Numerics.Tensors;
using ILGPU.Runtime;
using KernelGen.Benchmarking;

namespace KernelGen.Ilgpu.Benchmarks;

/// <summary>One product-key router: checks it against the definition, forward and backward, then times it.</summary>
internal sealed class OmniRouterBenchmark(int expertsPerAxis, int topK)
{
    private const int MaxTokens = 4096;
    private static readonly int[] Checked = [1, 2, 31, 512, MaxTokens];
    private static readonly int[] Timed = [1, 64, 512, MaxTokens];

    private string Name => $"Omni router {expertsPerAxis}/{topK}";

    /// <summary>Runs the benchmark; false if a result is wrong.</summary>
    public bool Run(AcceleratorStream stream)
    {
        var workload = new OmniRouterWorkload(expertsPerAxis, topK, MaxTokens);
        using var router = new DeviceOmniRouter(stream, Omni.Route);
        using var routerBackward = new DeviceOmniRouterBackward(stream, Omni.RouteBackward);
        foreach (var tokens in Checked)
        {
            var forward = workload.Verify(router.Kernel, tokens);
            var backward = forward.Mismatch is null
                ? workload.Verify(routerBackward.Kernel, tokens)
                : forward;
            if (backward.Mismatch is null) continue;
            Console.WriteLine($"{Name}: WRONG at {tokens} tokens: {backward.Mismatch}");
            return false;
        }

        Console.WriteLine($"{Name}: correct for {Checked.Length} token counts");
        Console.WriteLine("   tokens   logits      forward: launched µs   replayed µs   backward: launched µs   replayed µs");
        foreach (var tokens in Timed) Time(stream, tokens, workload.Bytes(tokens), asBFloat16: false);
        Time(stream, MaxTokens, workload.Bytes(MaxTokens), asBFloat16: true);
        return true;
    }

    // Logits rounded to bf16 have many equal sums.
    private void Time(AcceleratorStream stream, int tokens, double bytes, bool asBFloat16)
    {
        var accelerator = stream.Accelerator;
        using var x = Logits(accelerator, tokens, seed: 1, asBFloat16);
        using var y = Logits(accelerator, tokens, seed: 2, asBFloat16);
        using var scores = new DeviceMatrix<float>(accelerator, tokens, topK);
        using var indices = new DeviceMatrix<int>(accelerator, tokens, topK);
        using var gradX = new DeviceMatrix<float>(accelerator, tokens, expertsPerAxis);
        using var gradY = new DeviceMatrix<float>(accelerator, tokens, expertsPerAxis);
        var forward = DeviceTiming.Of(stream, s => Omni.Route(s, x.View, y.View, scores.View, indices.View));
        var backward = DeviceTiming.Of(stream, s => Omni.RouteBackward(s, indices.View, scores.View, gradX.View, gradY.View));
        Console.WriteLine(FormattableString.Invariant(
            $"{tokens,9} {(asBFloat16 ? "bfloat16" : "float32"),8} {forward.Launched,27:F2} {forward.Replayed,13:F2} {backward.Launched,23:F2} {backward.Replayed,13:F2}   ({bytes / forward.Replayed / 1e3:F0} and {bytes / backward.Replayed / 1e3:F0} GB/s)"));
    }

    private DeviceMatrix<float> Logits(Accelerator accelerator, int tokens, int seed, bool asBFloat16)
    {
        var values = RandomNumbers.Normal((long)tokens * expertsPerAxis, seed);
        if (asBFloat16) values = Array.ConvertAll(values, value => (float)(BFloat16)value);
        return new(accelerator, new ReadOnlyTensorSpan<float>(values, [tokens, expertsPerAxis], []));
    }
}
