using KernelGen.Compiler.Ptx;
using KernelGen.Compiler.Specialization;
using KernelGen.Compiler.Tuning;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Families;

/// <summary>Which ILGPU template serves declared experts, and which tensor-core kernels stand beside it.</summary>
internal static class FusedMoeIlgpuTemplate
{
    private static readonly string[] Entries = ["Prepare", "MultiplyGateUp", "MultiplyDown", "ActivateSingle", "ActivateRounded", "CombineSingle", "CombineRounded"];

    /// <summary>The recipe; null for what the devices' kernels do not have yet.</summary>
    public static IlgpuRecipe? Recipe(FusedMoeSpec spec)
    {
        if (spec.Bias || spec.RouterWeightOnInput || spec.Quantization != WeightQuantization.None || !GatedActivation.Has(spec.Activation)) return null;
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
            KernelsInitializer = Tunings(spec, texts),
        };
    }

    private static string Shape(FusedMoeSpec spec) => $"new({spec.Experts}, {spec.TopK}, {spec.HiddenSize}, {spec.IntermediateSize}, {spec.SplitK})";

    // What tuning files choose; a choice of other slices is another variant's, and stands here without kernels.
    private static string Tunings(FusedMoeSpec spec, Dictionary<string, string> texts)
    {
        if (spec.Devices.Count == 0) return "";
        return $" {{ Tunings = [{string.Join(", ", spec.Devices.Select(Device))}] }}";

        string Device(DeviceTuning device) => $"new({SymbolDisplay.FormatLiteral(device.DeviceName, quote: true)}, [{string.Join(", ", device.Choices.Select(Choice))}])";

        string Choice(DeviceChoice choice) => $"new({Number(choice.MostTokens)}, {choice.SplitK}, {(choice.SplitK == spec.SplitK ? Pair(choice) : "null")})";

        string Pair(DeviceChoice choice)
        {
            var needsWgmma = choice.GateUp.Core != TensorCore.Mma || choice.Down.Core != TensorCore.Mma;
            return PairArgument(spec, needsWgmma, int.MaxValue, choice.GateUp, choice.Down, texts);
        }
    }

    private static string PairArgument(FusedMoeSpec spec, FusedMoePtx.Pair pair, Dictionary<string, string> texts) =>
        PairArgument(spec, pair.Core == TensorCore.Wgmma, pair.MostRows, pair.GateUp, pair.Down, texts);

    private static string PairArgument(FusedMoeSpec spec, bool needsWgmma, int mostRows, GroupedGemmTile gateUp, GroupedGemmTile down, Dictionary<string, string> texts)
    {
        var first = GemmArgument(FusedMoePtx.Shape(spec, ExpertProduct.GateUp), gateUp, texts);
        var second = GemmArgument(FusedMoePtx.Shape(spec, ExpertProduct.Down), down, texts);
        return $"new({(needsWgmma ? "true" : "false")}, {Number(mostRows)}, {first}, {second})";
    }

    private static string Number(int value) => value == int.MaxValue ? "int.MaxValue" : $"{value}";

    private static string GemmArgument(GroupedGemmShape shape, GroupedGemmTile tile, Dictionary<string, string> texts)
    {
        var name = GroupedGemm.EntryName(shape, tile);
        if (!texts.ContainsKey(name)) texts.Add(name, GroupedGemm.Write(shape, tile));
        return $"new(Variant, {IlgpuRecipe.PtxClassName}.{name}, \"{name}\", {tile.BlockM}, {tile.GroupM}, {shape.Columns / tile.BlockN}, {tile.SplitK}, {tile.Threads}, {tile.SharedBytes})";
    }

    /// <summary>The type that kernels know the weights by.</summary>
    private static string WeightType(DType type) => type switch
    {
        DType.Float16 => "global::ILGPU.Half",
        DType.BFloat16 => "ushort",
        _ => "float",
    };
}
