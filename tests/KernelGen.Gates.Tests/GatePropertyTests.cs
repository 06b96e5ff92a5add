using KernelGen.Compiler.Families;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Specialised gates of every kind and width against the double-precision reference.</summary>
public class GatePropertyTests
{
    private static readonly int[] TokenCounts = [0, 1, 2, 3, 33, 100];

    /// <summary>One gate of each kind that could go wrong by itself; random ones beside them.</summary>
    private static readonly MoeGateSpec[] Corners =
    [
        Softmax(1, 1),
        Softmax(2, 2),
        Softmax(8, 2),
        Softmax(8, 3) with { Renormalize = false },
        Softmax(31, 4) with { Renormalize = false },
        Softmax(60, 4) with { Renormalize = false },
        Softmax(64, 64),
        Softmax(128, 8),
        Softmax(160, 6) with { Groups = 8, TopKGroups = 3, Renormalize = false },
        Softmax(512, 10) with { CorrectionBias = true },
        Softmax(40, 3) with { CorrectionBias = true, Renormalize = false },
        Sigmoid(16, 1) with { CorrectionBias = false, Renormalize = false },
        Sigmoid(24, 3),
        Sigmoid(256, 8) with { Groups = 8, TopKGroups = 4 },
        Sigmoid(384, 6),
        Sigmoid(200, 12) with { Groups = 2, TopKGroups = 1 },
        Sigmoid(12, 5) with { Groups = 12, TopKGroups = 7 },
        Sigmoid(264, 4) with { Groups = 66, TopKGroups = 5 },
        Sigmoid(4096, 8),
        Softmax(64, 48) with { Scoring = GateScoring.Sigmoid },
        Softmax(256, 64),
        Sigmoid(384, 64) with { Renormalize = false },
        Sigmoid(512, 64) with { Groups = 8, TopKGroups = 4 },
        SqrtSoftplus(8, 3),
        SqrtSoftplus(16, 2) with { CorrectionBias = false, Renormalize = false },
        SqrtSoftplus(96, 5) with { CorrectionBias = false },
        SqrtSoftplus(257, 6) with { Groups = 1, Renormalize = false },
        SqrtSoftplus(128, 4) with { Groups = 4, TopKGroups = 2 },
        Softmax(8, 2) with { LogitsType = DType.BFloat16 },
        Softmax(9, 3) with { LogitsType = DType.Float16, Renormalize = false },
        Softmax(128, 8) with { LogitsType = DType.BFloat16 },
        Softmax(100, 8) with { LogitsType = DType.Float16, Renormalize = false },
        Softmax(72, 5) with { LogitsType = DType.BFloat16, CorrectionBias = true },
        Sigmoid(384, 6) with { LogitsType = DType.Float16 },
        Sigmoid(1025, 6) with { LogitsType = DType.BFloat16 },
        SqrtSoftplus(256, 7) with { LogitsType = DType.BFloat16, SharedExperts = 1 },
        Sigmoid(256, 9) with { Groups = 8, TopKGroups = 4, SharedExperts = 1 },
        Sigmoid(16, 5) with { SharedExperts = 3, Renormalize = false },
        Softmax(7, 3) with { SharedExperts = 1 },
        Softmax(8, 4) with { SharedExperts = 2, Renormalize = false },
        Softmax(60, 6) with { SharedExperts = 2, Renormalize = false },
        Softmax(4, 6) with { SharedExperts = 2 },
        SqrtSoftplus(256, 6) with { CorrectionBias = false, HashTable = true },
        Softmax(64, 6) with { HashTable = true },
        Softmax(65, 9) with { HashTable = true, Renormalize = false, LogitsType = DType.BFloat16 },
        Softmax(24, 3) with { Scoring = GateScoring.Sigmoid, HashTable = true, Renormalize = false, LogitsType = DType.Float16 },
    ];

    [Fact]
    public void EveryKindOfGateRoutesLikeTheReference()
    {
        var random = new SeededRandom();
        Assert.Distinct(Corners.Select(spec => spec.DispatchKey));
        var specs = Corners.Concat(Enumerable.Range(0, 16).Select(_ => RandomSpec(random))).DistinctBy(spec => spec.DispatchKey).ToArray();
        var gates = KernelAssembly.Compile(specs);
        foreach (var spec in specs)
        {
            foreach (var tokens in TokenCounts)
            {
                var routed = GateInputs.Case(spec, spec.Experts > 1000 ? tokens / 10 : tokens, random);
                foreach (var bits in KernelRecipe.VectorWidthsOf(spec)) routed.Check(new GateKernel(gates.Kernel(spec, bits)), $"{bits} bits");
            }
        }
    }

    private static MoeGateSpec Softmax(int experts, int topK) => new(experts, topK, GateScoring.Softmax, false, 1, 1, true);

    private static MoeGateSpec Sigmoid(int experts, int topK) => new(experts, topK, GateScoring.Sigmoid, true, 1, 1, true);

    private static MoeGateSpec SqrtSoftplus(int experts, int topK) => Sigmoid(experts, topK) with { Scoring = GateScoring.SqrtSoftplus };

    private static MoeGateSpec RandomSpec(SeededRandom random)
    {
        var hashTable = random.Int(0, 4) == 0;
        var groups = hashTable ? 1 : random.Pick(1, 1, 2, 3, 8, 16);
        var experts = groups * random.Int(1, random.Pick(8, 512) / groups);
        var kept = random.Int(1, groups);
        var routed = random.Int(1, Math.Min(experts / groups * kept, random.Pick(8, 61)));
        var shared = hashTable ? 0 : random.Pick(0, 0, 1, 3);
        var spec = new MoeGateSpec(
            experts, routed + shared, random.Pick(Enum.GetValues<GateScoring>()), !hashTable && random.Bool(), groups, kept, random.Bool())
        {
            LogitsType = random.Pick(DType.Float32, DType.Float32, DType.Float16, DType.BFloat16),
            SharedExperts = shared,
            HashTable = hashTable,
        };
        Assert.Empty(spec.Validate());
        return spec;
    }
}
