using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>Which template serves declared experts, and the values and types it gets.</summary>
internal static class FusedMoeTemplate
{
    private const string ArgumentsType = "global::KernelGen.Cpu.MoeArguments";

    public static KernelRecipe Recipe(FusedMoeSpec spec, int vectorBits)
    {
        var values = new Dictionary<string, ConstantValue>
        {
            [nameof(spec.TopK)] = ConstantValue.From(spec.TopK),
            [nameof(spec.HiddenSize)] = ConstantValue.From(spec.HiddenSize),
            [nameof(spec.IntermediateSize)] = ConstantValue.From(spec.IntermediateSize),
            [nameof(spec.Activation)] = ConstantValue.From(spec.Activation),
            [nameof(spec.SplitK)] = ConstantValue.From(spec.SplitK),
        };
        var types = new Dictionary<string, string> { ["TWeight"] = WeightTypeName(spec.WeightType) };
        var request = new SpecializationRequest(KernelRecipe.ClassName(vectorBits), values, types)
        {
            VectorBits = vectorBits,
            Specialize = spec.Specialize,
        };
        return new KernelRecipe(ArgumentsType, [new KernelPart("Cpu/FusedMoe.cs", request)]);
    }

    /// <summary>The C# type of one weight.</summary>
    public static string WeightTypeName(DType type) => type switch
    {
        DType.Float32 => "float",
        DType.BFloat16 => "global::KernelGen.BFloat16",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no CPU kernel has weights of this type"),
    };

    /// <summary>
    /// The most tokens for which a Split-K variant is chosen when the caller leaves the choice open. With more of them the
    /// row blocks of the experts occupy all processors without slices.
    /// </summary>
    public static int MostTokens(int splitK) => Math.Max(1, 32 / splitK);
}
