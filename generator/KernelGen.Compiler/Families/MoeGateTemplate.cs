using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>Which template serves a gate, and the values it gets.</summary>
internal static class MoeGateTemplate
{
    private const string ArgumentsType = "global::KernelGen.Cpu.GateArguments";

    public static KernelRecipe Recipe(MoeGateSpec spec, int vectorBits)
    {
        var values = new Dictionary<string, ConstantValue>
        {
            [nameof(spec.Experts)] = ConstantValue.From(spec.Experts),
            [nameof(spec.TopK)] = ConstantValue.From(spec.TopK),
            [nameof(spec.Scoring)] = ConstantValue.From(spec.Scoring),
            [nameof(spec.CorrectionBias)] = ConstantValue.From(spec.CorrectionBias),
            [nameof(spec.Groups)] = ConstantValue.From(spec.Groups),
            [nameof(spec.TopKGroups)] = ConstantValue.From(spec.TopKGroups),
            [nameof(spec.Renormalize)] = ConstantValue.From(spec.Renormalize),
        };
        var request = new SpecializationRequest(KernelRecipe.ClassName(vectorBits), values, new Dictionary<string, string>())
        {
            VectorBits = vectorBits,
            Specialize = spec.Specialize,
        };
        return new KernelRecipe(ArgumentsType, [new KernelPart("Cpu/MoeGate.cs", request)]);
    }
}
