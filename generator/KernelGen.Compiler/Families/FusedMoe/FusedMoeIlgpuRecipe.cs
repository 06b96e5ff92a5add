using KernelGen.Compiler.Ptx;
using KernelGen.Compiler.Specialization;
using KernelGen.Compiler.Tuning;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Families;

/// <summary>Which ILGPU template serves declared experts, and which tensor-core kernels stand beside it.</summary>
internal static class FusedMoeIlgpuRecipe
{
    private static readonly string[] Files =
        ["FusedMoe.cs", "FusedMoe.Weights.cs", "FusedMoe.Rows.cs", "FusedMoe.Tiles.cs", "FusedMoe.Inputs.cs", "FusedMoe.Activation.cs", "FusedMoe.Sums.cs", "FusedMoe.Align.cs"];

    // What makes bytes of inputs, where tensor cores multiply bytes.
    private const string BytesFile = "FusedMoe.Bytes.cs";

    /// <summary>The recipe of a valid spec.</summary>
    public static IlgpuRecipe Recipe(FusedMoeSpec spec)
    {
        var values = new Dictionary<string, ConstantValue>(FusedMoeCpuRecipe.Declared(spec))
        {
            ["WeightType"] = ConstantValue.From(spec.WeightType),
            ["ScaleWidth"] = ConstantValue.From(spec.Quantization == WeightQuantization.Block128 ? 128 : spec.GroupSize),
        };
        var weight = BitsOf(spec.WeightType);
        var types = new Dictionary<string, string> { ["TWeight"] = weight, ["TSum"] = FusedMoeCpuRecipe.HasIntegerSums(spec) ? "int" : "float" };
        var request = new SpecializationRequest(IlgpuRecipe.ClassName, values, types);
        var texts = new Dictionary<string, string>();
        var pairs = FusedMoePtx.Pairs(spec).Select(pair => PairArgument(spec, pair, texts)).ToArray();
        string[] arguments = [Shape(spec), Portable(spec), .. Entries("Prepare", "ActivateRounded", "CombineSingle", "CombineRounded"), .. pairs];
        var inBytes = pairs.Length > 0 && spec.ActivationQuantization != ActivationQuantization.None;
        return new IlgpuRecipe(inBytes ? [.. Files, BytesFile] : Files, request, $"global::KernelGen.Ilgpu.ExpertsKernels<{weight}>", string.Join(", ", arguments))
        {
            PtxTexts = texts,
            KernelsInitializer = Initializer(spec, inBytes, texts),
        };
    }

    private static string Shape(FusedMoeSpec spec)
    {
        var parts = new List<string>();
        if (!spec.IsGated) parts.Add("IsGated = false");
        if (spec.Bias) parts.Add("HasBias = true");
        if (spec.ActivationQuantization != ActivationQuantization.None) parts.Add($"Inputs = global::KernelGen.ActivationQuantization.{spec.ActivationQuantization}");
        return $"new({spec.Experts}, {spec.TopK}, {spec.HiddenSize}, {spec.IntermediateSize}, {spec.SplitK}){Initializer(parts)}";
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

    private static string Initializer(FusedMoeSpec spec, bool inBytes, Dictionary<string, string> texts)
    {
        var parts = new List<string>();
        if (inBytes) parts.Add($"Bytes = new(Variant, {Shape(spec)}, {string.Join(", ", Entries("PrepareBytes", "IntermediateToBytes"))})");
        if (spec.Devices.Count > 0) parts.Add($"Tunings = {Tunings(spec, texts)}");
        return Initializer(parts);
    }

    private static string Initializer(IReadOnlyCollection<string> parts) => parts.Count == 0 ? "" : $" {{ {string.Join(", ", parts)} }}";

    // What tuning files choose; a choice of other slices is another variant's, and stands here without kernels.
    private static string Tunings(FusedMoeSpec spec, Dictionary<string, string> texts)
    {
        return $"[{string.Join(", ", spec.Devices.Select(Device))}]";

        string Device(DeviceTuning device) => $"new({SymbolDisplay.FormatLiteral(device.DeviceName, quote: true)}, [{string.Join(", ", device.Choices.Select(Choice))}])";

        string Choice(DeviceChoice choice) => $"new({Number(choice.MaxTokens)}, {choice.SplitK}, {(choice.SplitK == spec.SplitK ? Pair(choice) : "null")})";

        string Pair(DeviceChoice choice) => PairArgument(spec, choice.NeedsSm90, int.MaxValue, choice.GateUp, choice.Down, texts);
    }

    private static string PairArgument(FusedMoeSpec spec, FusedMoePtx.Pair pair, Dictionary<string, string> texts) =>
        PairArgument(spec, pair.NeedsWgmma, pair.MaxRows, pair.GateUp, pair.Down, texts, pair.MaxSlots);

    private static string PairArgument(
        FusedMoeSpec spec, bool needsSm90, int maxRows, GroupedGemmTile gateUp, GroupedGemmTile down, Dictionary<string, string> texts, int maxSlots = int.MaxValue)
    {
        var first = GemmArgument(spec.Experts, FusedMoePtx.Shape(spec, ExpertProduct.GateUp), gateUp, texts);
        var second = GemmArgument(spec.Experts, FusedMoePtx.Shape(spec, ExpertProduct.Down), down, texts);
        var others = new List<string>();
        if (maxSlots < int.MaxValue) others.Add($"MaxSlots = {maxSlots}");
        if (spec.ActivationQuantization != ActivationQuantization.None && spec.WeightType == DType.Float8E4M3) others.Add("NeedsFloat8 = true");
        return $"new({(needsSm90 ? "true" : "false")}, {Number(maxRows)}, {first}, {second}){Initializer(others)}";
    }

    private static string Number(int value) => value == int.MaxValue ? "int.MaxValue" : $"{value}";

    private static string GemmArgument(int experts, GroupedGemmShape shape, GroupedGemmTile tile, Dictionary<string, string> texts)
    {
        var name = GroupedGemm.EntryName(shape, tile);
        if (!texts.ContainsKey(name)) texts.Add(name, GroupedGemm.Write(shape, tile));
        var gemm = $"new(Variant, {IlgpuRecipe.PtxClassName}.{name}, \"{name}\", {tile.BlockM}, {tile.GroupM}, {shape.Columns / tile.BlockN}, {tile.SplitK}, {GroupedGemm.Threads(shape, tile)}, {GroupedGemm.SharedBytes(shape, tile)})";
        var others = new List<string>();
        if (tile.Chained) others.Add("Chained = true");
        if (GroupedGemm.RoundsOutput(shape, tile)) others.Add("RoundsOutput = true");
        if (tile.PersistentGroups > 0) others.Add($"Resident = {tile.PersistentGroups}");
        if (GroupedGemm.FetchesWeights(shape, tile)) others.Add($"Fetched = new({shape.Reduction * tile.ElementBytes / 2}, {tile.Cluster}, {string.Join(", ", GroupedGemm.Fetched(shape, tile, experts).Select(rows => $"new({rows.Length}, {rows.Stride}, {rows.Box})"))})");
        return gemm + Initializer(others);
    }

    /// <summary>The type that kernels know the weights by: their bits.</summary>
    private static string BitsOf(DType type) => type switch
    {
        DType.Float32 => "uint",
        DType.Float16 or DType.BFloat16 => "ushort",
        _ => "byte",
    };
}
