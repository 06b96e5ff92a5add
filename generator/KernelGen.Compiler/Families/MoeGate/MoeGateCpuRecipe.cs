using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>Which template serves a gate, and how it cuts the experts for a vector width.</summary>
public static class MoeGateCpuRecipe
{
    /// <summary>The embedded files of the template.</summary>
    public static IReadOnlyList<string> Files { get; } =
        ["MoeGate.cs", "MoeGate.Tile.cs", "MoeGate.Score.cs", "MoeGate.Groups.cs", "MoeGate.Weights.cs", "MoeGate.Lanes.cs", "MoeGate.Table.cs"];

    /// <summary>The values of a declaration, which the templates of all devices get.</summary>
    public static Dictionary<string, ConstantValue> DeclaredValues(MoeGateSpec spec) => new()
    {
        ["Experts"] = ConstantValue.From(spec.Experts),
        ["TopK"] = ConstantValue.From(spec.TopK),
        ["Scoring"] = ConstantValue.From(spec.Scoring),
        ["CorrectionBias"] = ConstantValue.From(spec.CorrectionBias),
        ["Groups"] = ConstantValue.From(spec.Groups),
        ["TopKGroups"] = ConstantValue.From(spec.TopKGroups),
        ["Renormalize"] = ConstantValue.From(spec.Renormalize),
        ["SharedExperts"] = ConstantValue.From(spec.SharedExperts),
        ["HashTable"] = ConstantValue.From(spec.HashTable),
    };

    /// <summary>The values that the template gets for <paramref name="spec"/>.</summary>
    public static SpecializationRequest Request(MoeGateSpec spec, int vectorBits, string className)
    {
        var lanes = vectorBits / 32;
        var values = new Dictionary<string, ConstantValue>(DeclaredValues(spec))
        {
            ["Lanes"] = ConstantValue.From(lanes),
            ["BlockExperts"] = ConstantValue.From(BlockExperts(spec, lanes)),
            ["TileTokens"] = ConstantValue.From(TileTokens(spec)),
            ["TokenPerLane"] = ConstantValue.From(TokenPerLane(spec)),
            ["WidenedTokens"] = ConstantValue.From(WidenedTokens(spec)),
        };
        var types = new Dictionary<string, string> { ["TLogit"] = LogitType(spec) };
        return new SpecializationRequest(className, values, types) { VectorBits = vectorBits, Specialize = spec.Specialize };
    }

    private static string LogitType(MoeGateSpec spec) => spec.LogitsType switch
    {
        DType.Float16 => "Half",
        DType.BFloat16 => nameof(DType.BFloat16),
        _ => "float",
    };

    private static int TileTokens(MoeGateSpec spec) => spec.Experts <= 1024 ? 4 : 1;

    /// <summary>As many rows as stay in the nearest cache, and no fewer than go side by side.</summary>
    private static int WidenedTokens(MoeGateSpec spec) =>
        spec.LogitsType == DType.Float32 ? 0 : spec.Experts <= 512 ? 16 : TileTokens(spec);

    /// <summary>
    /// Experts of a block: four vectors, for a round of the selection looks at one block and at one head for each; more when
    /// there would be more than 64 heads; a whole group when that is less.
    /// </summary>
    private static int BlockExperts(MoeGateSpec spec, int lanes)
    {
        var groupSize = spec.Experts / spec.Groups;
        var block = Math.Min(4 * lanes, 64);
        while (block < 64 && spec.Groups * ((groupSize + block - 1) / block) > 64) block *= 2;
        return Math.Min(block, groupSize);
    }

    /// <summary>
    /// With few experts, inserting every one of them into a sorted list of k costs less than k rounds of selection: as
    /// many tokens at once as a vector has lanes.
    /// </summary>
    private static bool TokenPerLane(MoeGateSpec spec) =>
        spec.Groups == 1 && !(spec.Scoring == GateScoring.Softmax && spec.CorrectionBias) && spec.Experts * spec.RoutedTopK <= 128;
}
