using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;

namespace KernelGen.Tool;

/// <summary>Times a gate, its unspecialised template and the same gate as one would write it by hand.</summary>
internal sealed class GateBench(MoeGateSpec spec, IReadOnlyList<int> tokenCounts) : IBench
{
    private readonly GateShape _shape = new(
        spec.Experts, spec.TopK, spec.Scoring, spec.CorrectionBias, spec.Groups, spec.TopKGroups, spec.Renormalize);

    /// <inheritdoc/>
    public void Run(BenchContext bench)
    {
        MemoryNeed.RequireTokens(tokenCounts.Max(), GateWorkload.MostTokens(_shape));
        MemoryNeed.Require(GateWorkload.BytesFor(_shape, tokenCounts.Max()));
        bench.Subject = spec.VariantName;
        bench.Say("making kernels");
        var unspecialized = spec with { Specialize = false };
        Contender<GateRoute>[] contenders =
        [
            new(spec.VariantName, Forms.Specialized, KernelAssembly.Compile(spec).Route),
            new(unspecialized.VariantName, Forms.Unspecialized, KernelAssembly.Compile(unspecialized).Route),
            new("tensor_primitives", Forms.PlainCSharp, new PlainGate(_shape).Route),
        ];

        bench.Say("making inputs");
        var workload = new GateWorkload(_shape, tokenCounts.Max());
        foreach (var tokens in tokenCounts)
        {
            bench.Say($"verifying {tokens} tokens");
            var checks = contenders.Select(contender => Verify(workload, contender, tokens)).ToArray();
            bench.Say($"timing {tokens} tokens");
            var timings = Timing.SideBySide(
                [.. contenders.Select(contender => (Action<int>)(call => workload.Run(contender.Kernel, tokens, call)))], BenchContext.Budget, bench.Cancellation);
            for (var i = 0; i < contenders.Length; i++) bench.Rows.Add(Row(contenders[i], workload, tokens, timings[i], checks[i]));
        }
    }

    private static Verification Verify(GateWorkload workload, Contender<GateRoute> contender, int tokens)
    {
        var check = workload.Verify(contender.Kernel, tokens);
        return check.Mismatch is null ? check : throw new CheckFailedException($"{contender.Variant}, {tokens} tokens: {check.Mismatch}");
    }

    private BenchRow Row(Contender<GateRoute> contender, GateWorkload workload, int tokens, Timing timing, Verification check) => new()
    {
        Variant = contender.Variant,
        Form = contender.Form,
        Shape = new Dictionary<string, int>
        {
            ["experts"] = spec.Experts,
            ["topK"] = spec.TopK,
            ["groups"] = spec.Groups,
            ["topKGroups"] = spec.TopKGroups,
        },
        Tokens = tokens,
        Timing = timing,
        Operations = null,
        Bytes = workload.Bytes(tokens),
        MaxError = check.MaxError,
    };
}
