using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;

namespace KernelGen.Tool;

/// <summary>Times a gate, its unspecialised template and the same gate as one would write it by hand.</summary>
/// <typeparam name="TLogit">Type of a logit.</typeparam>
internal sealed class GateBench<TLogit>(MoeGateSpec spec, IReadOnlyList<int> tokenCounts) : IBench
    where TLogit : unmanaged
{
    private readonly GateShape _shape = spec.ToShape();

    /// <inheritdoc/>
    public void Run(BenchContext bench)
    {
        MemoryNeed.RequireTokens(tokenCounts.Max(), GateWorkload<TLogit>.MostTokens(_shape));
        MemoryNeed.Require(GateWorkload<TLogit>.BytesFor(_shape, tokenCounts.Max()));
        bench.Subject = spec.VariantName;
        bench.Say("making kernels");
        var unspecialized = spec with { Specialize = false };
        Contender<GateRoute<TLogit>>[] contenders =
        [
            new(spec.VariantName, Forms.Specialized, KernelAssembly.Compile(spec).RouteOf<TLogit>()),
            new(unspecialized.VariantName, Forms.Unspecialized, KernelAssembly.Compile(unspecialized).RouteOf<TLogit>()),
            new("tensor_primitives", Forms.PlainCSharp, PlainRoute()),
        ];

        bench.Say("making inputs");
        var workload = new GateWorkload<TLogit>(_shape, tokenCounts.Max());
        foreach (var tokens in tokenCounts)
        {
            bench.Say($"verifying {tokens} tokens");
            var checks = contenders.Select(contender => Verify(workload, contender, tokens)).ToArray();
            bench.Say($"timing {tokens} tokens");
            var timings = Timing.SideBySide(
                [.. contenders.Select(contender => (Action<int>)(call => workload.Run(contender.Kernel, tokens, call)))], BenchContext.Budget, bench.Cancellation, bench.BeforeCall);
            for (var i = 0; i < contenders.Length; i++) bench.Rows.Add(Row(contenders[i], workload, tokens, timings[i], checks[i]));
        }
    }

    /// <summary>By hand one would widen all logits first.</summary>
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

    private static Verification Verify(GateWorkload<TLogit> workload, Contender<GateRoute<TLogit>> contender, int tokens)
    {
        var check = workload.Verify(contender.Kernel, tokens);
        return check.Mismatch is null ? check : throw new CheckFailedException($"{contender.Variant}, {tokens} tokens: {check.Mismatch}");
    }

    private BenchRow Row(Contender<GateRoute<TLogit>> contender, GateWorkload<TLogit> workload, int tokens, Timing timing, Verification check) => new()
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
