using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Declarations;

/// <summary>Reads a <see cref="FusedMoeAttribute"/>, which yields a spec for each of its Split-K numbers.</summary>
internal static class FusedMoeReader
{
    public static Declaration Read(AttributeData attribute)
    {
        var values = new AttributeValues(attribute);
        var splitK = values.Ints(nameof(FusedMoeAttribute.SplitK), absent: 1);
        var any = new FusedMoeSpec(
            values.Int(nameof(FusedMoeAttribute.Experts)),
            values.Int(nameof(FusedMoeAttribute.TopK)),
            values.Int(nameof(FusedMoeAttribute.HiddenSize)),
            values.Int(nameof(FusedMoeAttribute.IntermediateSize)),
            values.Enum<MoeActivation>(nameof(FusedMoeAttribute.Activation)),
            values.Enum<DType>(nameof(FusedMoeAttribute.WeightType)),
            SplitK: 1,
            values.Bool(nameof(FusedMoeAttribute.Specialize), absent: true),
            values.Enum<WeightQuantization>(nameof(FusedMoeAttribute.Quantization)),
            values.Int(nameof(FusedMoeAttribute.GroupSize)),
            values.Bool(nameof(FusedMoeAttribute.ZeroPoints), absent: false))
        {
            ActivationLimit = values.Float(nameof(FusedMoeAttribute.ActivationLimit)),
            Bias = values.Bool(nameof(FusedMoeAttribute.Bias), absent: false),
            RouterWeightOnInput = values.Bool(nameof(FusedMoeAttribute.RouterWeightOnInput), absent: false),
            ActivationQuantization = values.Enum<ActivationQuantization>(nameof(FusedMoeAttribute.ActivationQuantization)),
        };
        if (values.IsBroken) return new Declaration(attribute, [], []);

        var specs = (splitK ?? []).Distinct().Select(slices => any with { SplitK = slices }).ToArray();
        var problems = specs.SelectMany(spec => spec.Validate()).Concat(ListProblems(splitK)).Distinct().ToArray();
        return new Declaration(attribute, specs.Where(spec => spec.Validate().Count == 0).ToArray(), problems);
    }

    private static IEnumerable<SpecProblem> ListProblems(IReadOnlyList<int>? splitK)
    {
        if (splitK is null or { Count: 0 })
            yield return Problem("SplitK names no number of slices, so there is no variant; leave it out for { 1 }");
        foreach (var repeated in (splitK ?? []).GroupBy(slices => slices).Where(same => same.Count() > 1))
            yield return Problem($"SplitK names {repeated.Key} more than once");
    }

    private static SpecProblem Problem(string message) => new("KG0010", message, nameof(FusedMoeAttribute.SplitK));
}
