using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.OnDemand;

namespace KernelGen.Tool;

/// <summary>Times a product-key router, its unspecialised template and the same by forming all n² sums; or the backward pass.</summary>
internal sealed class OmniBench(OmniRouterSpec spec, IReadOnlyList<int> tokenCounts, bool backward) : IBench
{
    /// <inheritdoc/>
    public void Run(BenchContext bench)
    {
        var (n, k, most) = (spec.ExpertsPerAxis, spec.TopK, tokenCounts.Max());
        MemoryNeed.RequireTokens(most, OmniRouterWorkload.MostTokens(n, k));
        MemoryNeed.Require(OmniRouterWorkload.BytesFor(n, k, most));
        bench.Subject = backward ? $"{spec.VariantName}, backward" : spec.VariantName;
        bench.Say("making kernels");
        var unspecialized = spec with { Specialize = false };
        var (fast, plain) = (KernelAssembly.Compile(spec), KernelAssembly.Compile(unspecialized));

        bench.Say("making inputs");
        var workload = new OmniRouterWorkload(n, k, most);
        if (backward)
        {
            workload.PrepareBackward(fast.OmniRoute);
            Contender<OmniRouteBackward>[] contenders =
            [
                new(spec.VariantName, Forms.Specialized, fast.OmniRouteBackward),
                new(unspecialized.VariantName, Forms.Unspecialized, plain.OmniRouteBackward),
            ];
            Compare(bench, workload, contenders, workload.Verify, workload.Run);
        }
        else
        {
            Contender<OmniRoute>[] contenders =
            [
                new(spec.VariantName, Forms.Specialized, fast.OmniRoute),
                new(unspecialized.VariantName, Forms.Unspecialized, plain.OmniRoute),
                new("scan", Forms.Scan, ScanningRouter.Route),
            ];
            Compare(bench, workload, contenders, workload.Verify, workload.Run);
        }
    }

    private void Compare<TKernel>(
        BenchContext bench, OmniRouterWorkload workload, Contender<TKernel>[] contenders, Func<TKernel, int, Verification> verify, Action<TKernel, int, int> run)
        where TKernel : Delegate
    {
        foreach (var tokens in tokenCounts)
        {
            bench.Say($"verifying {tokens} tokens");
            var checks = Array.ConvertAll(contenders, contender =>
            {
                var check = verify(contender.Kernel, tokens);
                return check.Mismatch is null ? check : throw new CheckFailedException($"{contender.Variant}, {tokens} tokens: {check.Mismatch}");
            });
            bench.Say($"timing {tokens} tokens");
            var timings = Timing.SideBySide(
                [.. contenders.Select(contender => (Action<int>)(call => run(contender.Kernel, tokens, call)))], BenchContext.Budget, bench.Cancellation, bench.BeforeCall);
            for (var i = 0; i < contenders.Length; i++) bench.Rows.Add(Row(contenders[i].Variant, contenders[i].Form, workload, tokens, timings[i], checks[i]));
        }
    }

    private BenchRow Row(string variant, string form, OmniRouterWorkload workload, int tokens, Timing timing, Verification check) => new()
    {
        Variant = variant,
        Form = form,
        Shape = new Dictionary<string, int> { ["expertsPerAxis"] = spec.ExpertsPerAxis, ["topK"] = spec.TopK, ["backward"] = backward ? 1 : 0 },
        Tokens = tokens,
        Timing = timing,
        Operations = null,
        Bytes = workload.Bytes(tokens),
        MaxError = check.MaxError,
    };
}
