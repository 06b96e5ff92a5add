using KernelGen.Compiler.Dispatch;
using KernelGen.Compiler.Emission;
using KernelGen.Compiler.Tuning;

namespace KernelGen.Compiler.Families;

/// <summary>Experts: <c>[FusedMoe]</c>. An attribute yields a spec for each of its Split-K numbers.</summary>
public sealed class FusedMoeFamily : KernelFamily
{
    private FusedMoeFamily()
    {
    }

    /// <summary>The family.</summary>
    public static FusedMoeFamily Instance { get; } = new();

    /// <inheritdoc/>
    public override string Attribute => "FusedMoe";

    /// <inheritdoc/>
    public override DecodedAttribute Decode(AttributeArguments arguments)
    {
        var splitK = arguments.Ints(nameof(FusedMoeAttribute.SplitK), absent: 1);
        var any = new FusedMoeSpec(
            arguments.Int(nameof(FusedMoeAttribute.Experts)),
            arguments.Int(nameof(FusedMoeAttribute.TopK)),
            arguments.Int(nameof(FusedMoeAttribute.HiddenSize)),
            arguments.Int(nameof(FusedMoeAttribute.IntermediateSize)),
            arguments.Enum<MoeActivation>(nameof(FusedMoeAttribute.Activation)),
            arguments.Enum<DType>(nameof(FusedMoeAttribute.WeightType)),
            SplitK: 1,
            arguments.Bool(nameof(FusedMoeAttribute.Specialize), absent: true),
            arguments.Enum<WeightQuantization>(nameof(FusedMoeAttribute.Quantization)),
            arguments.Int(nameof(FusedMoeAttribute.GroupSize)),
            arguments.Bool(nameof(FusedMoeAttribute.ZeroPoints)))
        {
            ActivationLimit = arguments.Float(nameof(FusedMoeAttribute.ActivationLimit)),
            Bias = arguments.Bool(nameof(FusedMoeAttribute.Bias)),
            RouterWeightOnInput = arguments.Bool(nameof(FusedMoeAttribute.RouterWeightOnInput)),
            ActivationQuantization = arguments.Enum<ActivationQuantization>(nameof(FusedMoeAttribute.ActivationQuantization)),
        };
        if (arguments.IsBroken) return DecodedAttribute.Broken;

        var specs = (splitK ?? []).Distinct().Select(slices => any with { SplitK = slices }).ToArray();
        var problems = specs.SelectMany(spec => spec.Validate()).Concat(ListProblems(splitK)).Distinct().ToArray();
        return new DecodedAttribute(specs.Where(spec => spec.Validate().Count == 0).ToArray(), problems);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> VectorWidths(IKernelSpec spec) =>
        spec is FusedMoeSpec { Tile: { } tile } ? CpuRecipe.VectorWidths.Where(bits => bits <= tile.VectorBits).ToArray() : CpuRecipe.VectorWidths;

    /// <inheritdoc/>
    public override CpuRecipe Cpu(IKernelSpec spec, int vectorBits) => new(
        FusedMoeCpuRecipe.Files, FusedMoeCpuRecipe.Request((FusedMoeSpec)spec, vectorBits, CpuRecipe.ClassName(vectorBits)), "global::KernelGen.Cpu.ExpertsArguments");

    /// <inheritdoc/>
    public override IlgpuRecipe Ilgpu(IKernelSpec spec) => FusedMoeIlgpuRecipe.Recipe((FusedMoeSpec)spec);

    /// <inheritdoc/>
    public override string IlgpuVariantName(IKernelSpec spec) => $"{base.IlgpuVariantName(spec)}{DeviceTuning.NameOf(((FusedMoeSpec)spec).Devices)}";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Declarations(IEnumerable<IKernelSpec> specs) =>
        [.. specs.Cast<FusedMoeSpec>().GroupBy(spec => spec with { SplitK = 1 }).Select(alike => alike.Key.DeclarationOf([.. alike.Select(spec => spec.SplitK)]))];

    /// <inheritdoc/>
    public override DeclaredClass Tune(DeclaredClass declared, TuningSet files) => TunedExperts.Tune(declared, files);

    /// <inheritdoc/>
    internal override Dispatcher Dispatcher(DeclaredClass declared) => FusedMoeEntryPoints.Of(declared);

    private static IEnumerable<SpecProblem> ListProblems(IReadOnlyList<int>? splitK)
    {
        if (splitK is null or { Count: 0 })
            yield return Problem("SplitK names no number of slices, so there is no variant; leave it out for { 1 }");
        foreach (var repeated in (splitK ?? []).GroupBy(slices => slices).Where(same => same.Count() > 1))
            yield return Problem($"SplitK names {repeated.Key} more than once");
    }

    private static SpecProblem Problem(string message) => new("KG0010", message, nameof(FusedMoeAttribute.SplitK));
}
