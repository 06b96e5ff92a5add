using KernelGen.Compiler.Specialization;
using KernelGen.Compiler.Tuning;

namespace KernelGen.Compiler.Families;

/// <summary>Which template serves declared experts, and the register tiles it gets for a vector width.</summary>
public static class FusedMoeCpuRecipe
{
    /// <summary>The embedded files of the template.</summary>
    public static IReadOnlyList<string> Files { get; } =
    [
        "FusedMoe.cs", "FusedMoe.Panels.cs", "FusedMoe.Rows.cs", "FusedMoe.Remainder.cs", "FusedMoe.SplitK.cs", "FusedMoe.Epilogue.cs", "FusedMoe.Quantized.cs",
        "FusedMoe.Inputs.cs", "FusedMoe.Integers.cs",
    ];

    /// <summary>The values and types that the template gets for <paramref name="spec"/>.</summary>
    public static SpecializationRequest Request(FusedMoeSpec spec, int vectorBits, string className)
    {
        var tile = TileOf(spec, vectorBits);
        var projections = spec.IsGated ? 2 : 1;
        var values = new Dictionary<string, ConstantValue>(Declared(spec))
        {
            ["GroupSize"] = ConstantValue.From(spec.GroupSize),
            ["WeightsPerElement"] = ConstantValue.From(spec.WeightType == DType.Int4 ? 2 : 1),
            ["Lanes"] = ConstantValue.From(vectorBits / 32),
            ["GateUpTileRows"] = ConstantValue.From(projections * Math.Min(tile.GateUp.Rows / projections, spec.IntermediateSize)),
            ["DownTileRows"] = ConstantValue.From(Math.Min(tile.Down.Rows, spec.HiddenSize)),
            ["TileVectors"] = ConstantValue.From(tile.PanelVectors),
            ["RowTokens"] = ConstantValue.From(tile.RowTokens),
            ["GateUpColumns"] = ConstantValue.From(tile.GateUp.Columns),
            ["DownColumns"] = ConstantValue.From(tile.Down.Columns),
            ["DepthBlock"] = ConstantValue.From(tile.Depth),
        };
        var types = new Dictionary<string, string> { ["TWeight"] = WeightFormat.TypeName(spec.WeightType) };
        return new SpecializationRequest(className, values, types) { VectorBits = vectorBits, Specialize = spec.Specialize };
    }

    /// <summary>The declared values, for a template of any device.</summary>
    internal static Dictionary<string, ConstantValue> Declared(FusedMoeSpec spec) => new()
    {
        ["Experts"] = ConstantValue.From(spec.Experts),
        ["TopK"] = ConstantValue.From(spec.TopK),
        ["HiddenSize"] = ConstantValue.From(spec.HiddenSize),
        ["IntermediateSize"] = ConstantValue.From(spec.IntermediateSize),
        ["Activation"] = ConstantValue.From(spec.Activation),
        ["ActivationLimit"] = ConstantValue.From(spec.ActivationLimit),
        ["Bias"] = ConstantValue.From(spec.Bias),
        ["RouterWeightOnInput"] = ConstantValue.From(spec.RouterWeightOnInput),
        ["SplitK"] = ConstantValue.From(spec.SplitK),
        ["Quantization"] = ConstantValue.From(spec.Quantization),
        ["ZeroPoints"] = ConstantValue.From(spec.ZeroPoints),
        ["InputQuantization"] = ConstantValue.From(spec.ActivationQuantization),
        ["IntegerSums"] = ConstantValue.From(HasIntegerSums(spec)),
    };

    /// <summary>Whether integers multiply integers.</summary>
    internal static bool HasIntegerSums(FusedMoeSpec spec) => spec.WeightType == DType.Int8 && spec.ActivationQuantization != ActivationQuantization.None;

    /// <summary>Work items that one token gives in the narrower of the two products, without slices.</summary>
    public static int WorkItems(FusedMoeSpec spec)
    {
        var columns = TileOf(spec, CpuRecipe.VectorWidths[CpuRecipe.VectorWidths.Count - 1]).GateUp.Columns;
        return spec.TopK * ((Math.Min(spec.HiddenSize, spec.IntermediateSize) + columns - 1) / columns);
    }

    private static CpuTile TileOf(FusedMoeSpec spec, int vectorBits) =>
        spec.Tile is { } tuned && tuned.VectorBits == vectorBits ? tuned : CpuHeuristics.Tile(spec, vectorBits);
}
