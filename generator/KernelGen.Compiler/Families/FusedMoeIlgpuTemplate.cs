using KernelGen.Compiler.Ptx;
using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>Which ILGPU template serves declared experts, and which tensor-core kernels stand beside it.</summary>
internal static class FusedMoeIlgpuTemplate
{
    private static readonly string[] Entries = ["Prepare", "MultiplyGateUp", "MultiplyDown", "ActivateSingle", "ActivateRounded", "CombineSingle", "CombineRounded"];

    /// <summary>The recipe; null for what the devices' kernels do not have yet.</summary>
    public static IlgpuRecipe? Recipe(FusedMoeSpec spec)
    {
        if (spec.Bias || spec.RouterWeightOnInput || spec.Quantization != WeightQuantization.None || spec.Activation is not (MoeActivation.SiluAndMul or MoeActivation.GeluTanhAndMul or MoeActivation.SwigluOai or MoeActivation.SwigluClamp)) return null;
        var values = new Dictionary<string, ConstantValue>
        {
            ["Experts"] = ConstantValue.From(spec.Experts),
            ["TopK"] = ConstantValue.From(spec.TopK),
            ["HiddenSize"] = ConstantValue.From(spec.HiddenSize),
            ["IntermediateSize"] = ConstantValue.From(spec.IntermediateSize),
            ["Activation"] = ConstantValue.From(spec.Activation),
            ["ActivationLimit"] = ConstantValue.From(spec.ActivationLimit),
            ["SplitK"] = ConstantValue.From(spec.SplitK),
        };
        var weight = WeightType(spec.WeightType);
        var request = new SpecializationRequest(IlgpuRecipe.ClassName, values, new Dictionary<string, string> { ["TWeight"] = weight });
        var texts = new Dictionary<string, string>();
        var pairs = FusedMoePtx.Pairs(spec).Select(pair => PairArgument(spec, pair, texts)).ToArray();
        return new IlgpuRecipe(
            ["FusedMoe.cs", "FusedMoe.Align.cs", "FusedMoe.Products.cs", "FusedMoe.Sums.cs"],
            request,
            $"global::KernelGen.Ilgpu.ExpertKernels<{weight}>",
            string.Join(", ", Entries.Select(entry => $"{IlgpuRecipe.ClassName}.{entry}").Prepend(Shape(spec)).Concat(pairs)))
        {
            PtxTexts = texts,
        };
    }

    private static string Shape(FusedMoeSpec spec) => $"new({spec.Experts}, {spec.TopK}, {spec.HiddenSize}, {spec.IntermediateSize}, {spec.SplitK})";

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

    /// <summary>The type that kernels know the weights by.</summary>
    private static string WeightType(DType type) => type switch
    {
        DType.Float16 => "global::ILGPU.Half",
        DType.BFloat16 => "ushort",
        _ => "float",
    };
}
