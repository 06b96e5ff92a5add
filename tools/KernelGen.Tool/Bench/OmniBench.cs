using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.OnDemand;

namespace KernelGen.Tool;

/// <summary>Times a product-key router, its unspecialised template and a scan of all n² sums; or the backward pass.</summary>
internal sealed class OmniBench(OmniRouterSpec spec, IReadOnlyList<int> tokenCounts, bool backward) : IBench
{
    /// <inheritdoc/>
    public void Run(BenchContext bench)
    {
        var (n, k, most) = (spec.ExpertsPerAxis, spec.TopK, tokenCounts.Max());
        MemoryNeed.RequireTokens(most, OmniRouterWorkload.MaxTokens(n, k));
        MemoryNeed.Require(OmniRouterWorkload.BytesFor(n, k, most));
        var subject = bench.Devices[0].VariantName(spec);
        bench.Subject = backward ? $"{subject}, backward" : subject;
        bench.Say("compiling kernels");
        var workload = new OmniRouterWorkload(n, k, most);
        if (backward)
        {
            workload.PrepareBackward(KernelAssembly.Compile(spec).OmniRoute);
            var contenders = Contenders(bench, kernels => kernels.OmniRouteBackward, kernels => kernels.OmniRouteBackward());
            Compare(bench, workload, contenders, workload.Verify, workload.Run);
        }
        else
        {
            var contenders = Contenders(bench, kernels => kernels.OmniRoute, kernels => kernels.OmniRoute());
            if (bench.HasProcessor) contenders.Insert(2, new("scan", Forms.Scan, ScanningRouter.Route));
            Compare(bench, workload, contenders, workload.Verify, workload.Run);
        }
    }

    private List<Contender<TKernel>> Contenders<TKernel>(BenchContext bench, Func<KernelAssembly, TKernel> onProcessor, Func<IDeviceKernels, IDeviceKernel<TKernel>> onDevice)
        where TKernel : Delegate
    {
        var unspecialized = spec with { Specialize = false };
        List<Contender<TKernel>> contenders = bench.HasProcessor
            ?
            [
                new(spec.VariantName, Forms.Specialized, onProcessor(KernelAssembly.Compile(spec))),
                new(unspecialized.VariantName, Forms.Unspecialized, onProcessor(KernelAssembly.Compile(unspecialized))),
            ]
            : [];
        contenders.AddRange(bench.OtherDevices.Select(device => Contender<TKernel>.On(device, spec, onDevice(device.Compile(spec)))));
        return contenders;
    }

    private void Compare<TKernel>(
        BenchContext bench, OmniRouterWorkload workload, List<Contender<TKernel>> contenders, Func<TKernel, int, Verification> verify, Action<TKernel, int, int> run)
        where TKernel : Delegate
    {
        foreach (var tokens in tokenCounts)
        {
            Contest.Run(
                bench, contenders, tokens, contender => verify(contender.Kernel, tokens), (_, kernel, call) => run(kernel, tokens, call),
                (contender, timing, check) => Row(contender, workload, tokens, timing, check));
        }
    }

    private BenchRow Row<TKernel>(Contender<TKernel> contender, OmniRouterWorkload workload, int tokens, Timing timing, Verification check)
        where TKernel : Delegate => new()
    {
        Variant = contender.Variant,
        Form = contender.Form,
        Device = contender.Device,
        Shape = new Dictionary<string, int> { ["expertsPerAxis"] = spec.ExpertsPerAxis, ["topK"] = spec.TopK, ["backward"] = backward ? 1 : 0 },
        Tokens = tokens,
        Timing = timing,
        Operations = null,
        Bytes = workload.Bytes(tokens),
        MaxError = check.MaxError,
    };
}
