using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Published models' gates against float64 PyTorch: <c>tests/golden/gates-a</c>.</summary>
public sealed class GoldenGateTests : IDisposable
{
    private readonly GoldenGates _gates = new();

    public void Dispose() => _gates.Dispose();

    [Theory]
    [MemberData(nameof(GoldenGates.Names), MemberType = typeof(GoldenGates))]
    public void RoutesLikeTheModel(string gate)
    {
        var (spec, factor) = _gates.Describe(gate);
        var kernels = KernelAssembly.Compile(spec);
        foreach (var tokens in GoldenGates.TokenCounts)
        {
            var (logits, bias, expected) = _gates.Read(gate, tokens, spec);
            var routed = new GateCase(spec, logits, bias, factor, gap: 0, gate, expected);
            foreach (var bits in spec.Family.VectorWidths(spec)) routed.Check(new GateKernel(kernels.Kernel(spec, bits)), $"{bits} bits");
        }
    }

    [Theory]
    [MemberData(nameof(GoldenGates.Names), MemberType = typeof(GoldenGates))]
    public void TheReferenceItselfAgrees(string gate)
    {
        var (spec, factor) = _gates.Describe(gate);
        foreach (var tokens in GoldenGates.TokenCounts)
        {
            var (logits, bias, expected) = _gates.Read(gate, tokens, spec);
            for (var t = 0; t < tokens; t++)
            {
                var route = ReferenceGate.Route(spec.ToShape(), logits[t], bias, factor);
                Assert.Equal(expected[t].Experts, route.Experts);
                Assert.All(route.Weights.Zip(expected[t].Weights), pair => Assert.Equal(pair.Second, pair.First, 1e-6 * factor));
            }
        }
    }
}
