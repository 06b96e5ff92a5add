using KernelGen.Compiler.Families;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Specialised gates of every kind and width against the double-precision reference.</summary>
public class GatePropertyTests
{
    private static readonly int[] TokenCounts = [0, 1, 2, 3, 33, 100];

    [Fact]
    public void EveryKindOfGateRoutesLikeTheReference()
    {
        var random = new SeededRandom();
        Assert.Distinct(GateSpecs.Corners.Select(spec => spec.DispatchKey));
        var specs = GateSpecs.Corners.Concat(Enumerable.Range(0, 16).Select(_ => GateSpecs.Random(random))).DistinctBy(spec => spec.DispatchKey).ToArray();
        var gates = KernelAssembly.Compile(specs);
        foreach (var spec in specs)
        {
            foreach (var tokens in TokenCounts)
            {
                var routed = GateInputs.Case(spec, spec.Experts > 1000 ? tokens / 10 : tokens, random);
                foreach (var bits in spec.Family.VectorWidths(spec)) routed.Check(new GateKernel(gates.Kernel(spec, bits)), $"{bits} bits");
            }
        }
    }
}
