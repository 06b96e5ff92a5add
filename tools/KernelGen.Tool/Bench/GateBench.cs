using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;

namespace KernelGen.Tool;

/// <summary>Times a gate, its unspecialised template and a hand-written equivalent.</summary>
/// <typeparam name="TLogit">Type of a logit.</typeparam>
internal sealed class GateBench<TLogit>(MoeGateSpec spec, IReadOnlyList<int> tokenCounts) : IBench
    where TLogit : unmanaged
{
    private readonly GateShape _shape = spec.ToShape();

    /// <inheritdoc/>
    public void Run(BenchContext bench)
    {
        MemoryNeed.RequireTokens(tokenCounts.Max(), GateWorkload<TLogit>.MaxTokens(_shape));
        MemoryNeed.Require(GateWorkload<TLogit>.BytesFor(_shape, tokenCounts.Max()));
        bench.Subject = bench.Devices[0].VariantName(spec);
        bench.Say("compiling kernels");
        List<Contender<GateRoute<TLogit>>> contenders = bench.HasProcessor ? OnProcessor() : [];
        contenders.AddRange(bench.OtherDevices.Select(device => Contender<GateRoute<TLogit>>.On(device, spec, device.Compile(spec).Route<TLogit>())));

        bench.Say("generating inputs");
        var workload = new GateWorkload<TLogit>(_shape, tokenCounts.Max());
        foreach (var tokens in tokenCounts)
        {
            Contest.Run(
                bench, contenders, tokens, contender => workload.Verify(contender.Kernel, tokens), (_, kernel, call) => workload.Run(kernel, tokens, call),
                (contender, timing, check) => Row(contender, workload, tokens, timing, check));
        }
    }

    private List<Contender<GateRoute<TLogit>>> OnProcessor()
    {
        var unspecialized = spec with { Specialize = false };
        return
        [
            new(spec.VariantName, Forms.Specialized, KernelAssembly.Compile(spec).RouteOf<TLogit>()),
            new(unspecialized.VariantName, Forms.Unspecialized, KernelAssembly.Compile(unspecialized).RouteOf<TLogit>()),
            new("tensor_primitives", Forms.PlainCSharp, PlainRoute()),
        ];
    }

    /// <summary>The hand-written equivalent, which widens all logits first.</summary>
    private GateRoute<TLogit> PlainRoute()
    {
        var plain = new PlainGate(_shape);
        if (typeof(TLogit) == typeof(float)) return (GateRoute<TLogit>)(object)new GateRoute<float>(plain.Route);
        var widened = new float[(long)tokenCounts.Max() * spec.Experts];
        return (logits, bias, weights, experts, factor, nonPadded, cancellation) =>
        {
            var count = (int)logits.FlattenedLength;
            LogitNumbers<TLogit>.Widen(MemoryMarshal.CreateReadOnlySpan(in logits.GetPinnableReference(), count), widened);
            plain.Route(new ReadOnlyTensorSpan<float>(widened, 0, logits.Lengths, []), bias, weights, experts, factor, nonPadded, cancellation);
        };
    }

    private BenchRow Row(Contender<GateRoute<TLogit>> contender, GateWorkload<TLogit> workload, int tokens, Timing timing, Verification check) => new()
    {
        Variant = contender.Variant,
        Form = contender.Form,
        Device = contender.Device,
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
