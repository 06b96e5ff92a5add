using KernelGen.Compiler.Ptx;
using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>Which ILGPU template serves declared experts, and which tensor-core kernels stand beside it.</summary>
internal static class FusedMoeIlgpuTemplate
{
    private static readonly string[] Files =
        ["FusedMoe.cs", "FusedMoe.Weights.cs", "FusedMoe.Rows.cs", "FusedMoe.Tiles.cs", "FusedMoe.Inputs.cs", "FusedMoe.Activation.cs", "FusedMoe.Sums.cs", "FusedMoe.Align.cs"];

    /// <summary>The recipe of a valid spec.</summary>
    public static IlgpuRecipe Recipe(FusedMoeSpec spec)
    {
        var values = new Dictionary<string, ConstantValue>(FusedMoeTemplate.Declared(spec))
        {
            ["WeightType"] = ConstantValue.From(spec.WeightType),
            ["ScaleWidth"] = ConstantValue.From(spec.Quantization == WeightQuantization.Block128 ? 128 : spec.GroupSize),
        };
        var weight = BitsOf(spec.WeightType);
        var types = new Dictionary<string, string> { ["TWeight"] = weight, ["TSum"] = FusedMoeTemplate.HasIntegerSums(spec) ? "int" : "float" };
        var request = new SpecializationRequest(IlgpuRecipe.ClassName, values, types);
        var texts = new Dictionary<string, string>();
        var pairs = FusedMoePtx.Pairs(spec).Select(pair => PairArgument(spec, pair, texts)).ToArray();
        string[] arguments = [Shape(spec), Portable(spec), .. Entries("Prepare", "ActivateRounded", "CombineSingle", "CombineRounded"), .. pairs];
        return new IlgpuRecipe(Files, request, $"global::KernelGen.Ilgpu.ExpertKernels<{weight}>", string.Join(", ", arguments)) { PtxTexts = texts };
    }

    private static string Shape(FusedMoeSpec spec)
    {
        var parts = new List<string>();
        if (!spec.IsGated) parts.Add("IsGated = false");
        if (spec.Bias) parts.Add("HasBias = true");
        if (spec.ActivationQuantization != ActivationQuantization.None) parts.Add($"Inputs = global::KernelGen.ActivationQuantization.{spec.ActivationQuantization}");
        var others = parts.Count == 0 ? "" : $" {{ {string.Join(", ", parts)} }}";
        return $"new({spec.Experts}, {spec.TopK}, {spec.HiddenSize}, {spec.IntermediateSize}, {spec.SplitK}){others}";
    }

    private static string Portable(FusedMoeSpec spec)
    {
        var products = string.Join(", ", new[] { "Rows", "Narrow", "Wide" }.Select(tile => Pair($"GateUp{tile}", $"Down{tile}")));
        var rounding = spec.ActivationQuantization == ActivationQuantization.None
            ? ""
            : $", {Pair("MeasureHidden", "RoundHidden")}, {Pair("MeasureIntermediate", "RoundIntermediate")}";
        return $"new(Variant, {Shape(spec)}, [{products}], {string.Join(", ", Entries("ActivateSingle", "Combine"))}{rounding})";

        static string Pair(string first, string second) => $"({string.Join(", ", Entries(first, second))})";
    }

    private static IEnumerable<string> Entries(params string[] names) => names.Select(name => $"{IlgpuRecipe.ClassName}.{name}");

    private static string PairArgument(FusedMoeSpec spec, FusedMoePtx.Pair pair, Dictionary<string, string> texts)
    {
        var gateUp = GemmArgument(FusedMoePtx.Shape(spec, ExpertProduct.GateUp), pair.GateUp, texts);
        var down = GemmArgument(FusedMoePtx.Shape(spec, ExpertProduct.Down), pair.Down, texts);
        var mostRows = pair.MostRows == int.MaxValue ? "int.MaxValue" : $"{pair.MostRows}";
        return $"new({(pair.Core == TensorCore.Wgmma ? "true" : "false")}, {mostRows}, {gateUp}, {down})";
    }

    private static string GemmArgument(GroupedGemmShape shape, GroupedGemmTile tile, Dictionary<string, string> texts)
    {
        var name = GroupedGemm.EntryName(shape, tile);
        if (!texts.ContainsKey(name)) texts.Add(name, GroupedGemm.Write(shape, tile));
        return $"new(Variant, {IlgpuRecipe.PtxClassName}.{name}, \"{name}\", {tile.BlockM}, {tile.GroupM}, {shape.Columns / tile.BlockN}, {tile.SplitK}, {tile.Threads}, {GroupedGemm.SharedBytes(shape, tile)})";
    }

    /// <summary>The type that kernels know the weights by: their bits.</summary>
    private static string BitsOf(DType type) => type switch
    {
        DType.Float32 => "uint",
        DType.Float16 or DType.BFloat16 => "ushort",
        _ => "byte",
    };
}
