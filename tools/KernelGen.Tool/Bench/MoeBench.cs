using System.Diagnostics;
using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;

namespace KernelGen.Tool;

/// <summary>Times the experts of a layer and their unspecialised template.</summary>
internal static class MoeBench
{
    /// <summary>Creates the benchmark for the spec's weight type.</summary>
    /// <param name="spec">The experts, valid.</param>
    /// <param name="splitK">Split-K slice counts, or null to try those that suit the token count.</param>
    /// <param name="tokenCounts">The token counts.</param>
    public static IBench Of(FusedMoeSpec spec, IReadOnlyList<int>? splitK, IReadOnlyList<int> tokenCounts) => spec.WeightType switch
    {
        DType.Float16 => new MoeBench<Half>(spec, splitK, tokenCounts),
        DType.BFloat16 => new MoeBench<BFloat16>(spec, splitK, tokenCounts),
        DType.Float8E4M3 => new MoeBench<Float8E4M3>(spec, splitK, tokenCounts),
        DType.Int8 => new MoeBench<sbyte>(spec, splitK, tokenCounts),
        DType.Int4 => new MoeBench<Int4Pair>(spec, splitK, tokenCounts),
        _ => new MoeBench<float>(spec, splitK, tokenCounts),
    };
}

/// <inheritdoc cref="MoeBench"/>
/// <typeparam name="T">Type of a weight.</typeparam>
internal sealed class MoeBench<T>(FusedMoeSpec spec, IReadOnlyList<int>? splitK, IReadOnlyList<int> tokenCounts) : IBench
    where T : unmanaged
{
    // The slice counts that auto tries where they are suitable.
    private static readonly int[] AutoSplitK = [1, 4];

    // With more tokens than this, Split-K has no benefit.
    private const int MaxSplitTokens = 8;

    // An unspecialised call that takes longer than this is skipped.
    private static readonly TimeSpan MaxPatience = TimeSpan.FromSeconds(4);

    /// <inheritdoc/>
    public void Run(BenchContext bench)
    {
        MemoryNeed.RequireTokens(tokenCounts.Max(), ExpertsWorkload<T>.MaxTokens(spec.TopK, spec.HiddenSize));
        MemoryNeed.Require(ExpertsWorkload<T>.BytesFor(spec.Experts, spec.TopK, spec.HiddenSize, spec.IntermediateSize, tokenCounts.Max()));
        bench.Subject = bench.Devices[0].VariantName(spec);
        bench.Say("compiling kernels");
        var slices = Slices();
        var kernels = bench.Devices.Select(device => (Device: device, Forward: device.Compile(slices).Forward<T>())).ToArray();
        try
        {
            var template = slices[0] with { Specialize = false };
            var unspecialized = bench.HasProcessor
                ? new Contender<ExpertsForward<T>>(template.VariantName, Forms.Unspecialized, KernelAssembly.Compile(template).Forward<T>())
                : null;
            bench.Say("generating weights");
            using var workload = new ExpertsWorkload<T>(
                spec.Experts, spec.TopK, spec.HiddenSize, spec.IntermediateSize, tokenCounts.Max(), spec.Activation, spec.ActivationLimit, spec.Quantization, spec.GroupSize, spec.ActivationQuantization);
            foreach (var tokens in tokenCounts)
            {
                var suiting = slices.Where(candidate => splitK is not null || candidate.SplitK == 1 || tokens <= MaxSplitTokens).ToArray();
                var contenders = kernels.SelectMany(kernel => suiting.Select(candidate => Specialized(kernel.Device, candidate, kernel.Forward))).ToList();
                if (unspecialized is not null && IsWorthWaitingFor(bench, workload, unspecialized, tokens)) contenders.Add(unspecialized);
                Contest.Run(
                    bench, contenders, tokens,
                    contender => workload.Verify(contender.Kernel, tokens, contender.SplitK, contender.OnDevice?.Rounding ?? 0),
                    (contender, kernel, call) => workload.Run(kernel, tokens, call, contender.SplitK),
                    (contender, timing, check) => Row(contender, workload, tokens, timing, check));
            }
        }
        finally
        {
            foreach (var kernel in kernels) kernel.Forward.Dispose();
        }
    }

    /// <summary>The spec with each slice count: requested counts must be valid, others may be skipped.</summary>
    private FusedMoeSpec[] Slices()
    {
        var candidates = (splitK ?? AutoSplitK).Select(count => spec with { SplitK = count });
        if (splitK is null) return [.. candidates.Where(candidate => candidate.Validate().Count == 0)];
        foreach (var candidate in candidates) candidate.RequireValid();
        return [.. candidates];
    }

    private static Contender<ExpertsForward<T>> Specialized(IKernelDevice device, FusedMoeSpec candidate, IDeviceKernel<ExpertsForward<T>> kernel)
    {
        var form = candidate.SplitK == 1 ? Forms.Specialized : $"split-K {candidate.SplitK}";
        var contender = Contender<ExpertsForward<T>>.On(device, candidate, kernel, form) with { SplitK = candidate.SplitK };
        return device.Name == DeviceName.Cpu ? contender with { OnDevice = null } : contender;
    }

    private static bool IsWorthWaitingFor(BenchContext bench, ExpertsWorkload<T> workload, Contender<ExpertsForward<T>> unspecialized, int tokens)
    {
        bench.Say($"estimating the unspecialised template with {tokens} tokens");
        var seconds = EstimateSeconds(workload, unspecialized.Kernel, tokens);
        if (seconds <= MaxPatience.TotalSeconds) return true;
        bench.Notes.Add(FormattableString.Invariant($"{tokens} tokens: unspecialised omitted; a call would take about {seconds:F0} s"));
        return false;
    }

    /// <summary>An upper estimate of the time per call, from calls with few tokens, or with more if those are fast enough.</summary>
    private static double EstimateSeconds(ExpertsWorkload<T> workload, ExpertsForward<T> kernel, int tokens)
    {
        workload.Run(kernel, tokens: 1, call: 0); // compiles it
        for (var few = 1; ; few *= 8)
        {
            var start = Stopwatch.GetTimestamp();
            workload.Run(kernel, few, call: 1);
            var secondsPerToken = Stopwatch.GetElapsedTime(start).TotalSeconds / few;
            var isGoodEnough = secondsPerToken * tokens <= MaxPatience.TotalSeconds || few * 8 > tokens || secondsPerToken * few * 8 > MaxPatience.TotalSeconds;
            if (isGoodEnough) return secondsPerToken * tokens;
        }
    }

    private BenchRow Row(Contender<ExpertsForward<T>> contender, ExpertsWorkload<T> workload, int tokens, Timing timing, Verification check) => new()
    {
        Variant = contender.Variant,
        Form = contender.Form,
        Device = contender.Device,
        Shape = new Dictionary<string, int>
        {
            ["experts"] = spec.Experts,
            ["topK"] = spec.TopK,
            ["hiddenSize"] = spec.HiddenSize,
            ["intermediateSize"] = spec.IntermediateSize,
        },
        Tokens = tokens,
        Timing = timing,
        Operations = workload.Operations(tokens),
        Bytes = workload.WeightBytes(tokens),
        MaxError = check.MaxError,
    };
}
