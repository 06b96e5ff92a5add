using KernelGen.Compiler.Dispatch;
using KernelGen.Compiler.Emission;

namespace KernelGen.Compiler.Families;

/// <summary>Gates: <c>[MoeGate]</c>.</summary>
public sealed class MoeGateFamily : KernelFamily
{
    // A gate mostly compares and shuffles: vectors of 512 bits never beat 256 (Zen 4), and softmax 128/8 took 1.8 times as long in them.
    private static readonly IReadOnlyList<int> Widths = [128, 256];

    private MoeGateFamily()
    {
    }

    /// <summary>The family.</summary>
    public static MoeGateFamily Instance { get; } = new();

    /// <inheritdoc/>
    public override string Attribute => "MoeGate";

    /// <inheritdoc/>
    public override DecodedAttribute Decode(AttributeArguments arguments) => DecodedAttribute.Of(arguments, new MoeGateSpec(
        arguments.Int(nameof(MoeGateAttribute.Experts)),
        arguments.Int(nameof(MoeGateAttribute.TopK)),
        arguments.Enum<GateScoring>(nameof(MoeGateAttribute.Scoring)),
        arguments.Bool(nameof(MoeGateAttribute.CorrectionBias)),
        arguments.Int(nameof(MoeGateAttribute.Groups), absent: 1),
        arguments.Int(nameof(MoeGateAttribute.TopKGroups), absent: 1),
        arguments.Bool(nameof(MoeGateAttribute.Renormalize), absent: true),
        arguments.Bool(nameof(MoeGateAttribute.Specialize), absent: true))
    {
        LogitsType = arguments.Enum<DType>(nameof(MoeGateAttribute.LogitsType)),
        SharedExperts = arguments.Int(nameof(MoeGateAttribute.SharedExperts)),
        HashTable = arguments.Bool(nameof(MoeGateAttribute.HashTable)),
    });

    /// <inheritdoc/>
    public override IReadOnlyList<int> VectorWidths(IKernelSpec spec) => Widths;

    /// <inheritdoc/>
    public override CpuRecipe Cpu(IKernelSpec spec, int vectorBits) => new(
        MoeGateCpuRecipe.Files, MoeGateCpuRecipe.Request((MoeGateSpec)spec, vectorBits, CpuRecipe.ClassName(vectorBits)), "global::KernelGen.Cpu.GateArguments");

    /// <inheritdoc/>
    public override IlgpuRecipe Ilgpu(IKernelSpec spec) => MoeGateIlgpuRecipe.Recipe((MoeGateSpec)spec);

    /// <inheritdoc/>
    internal override Dispatcher Dispatcher(DeclaredClass declared) => MoeGateEntryPoints.Of([.. declared.Specs.Cast<MoeGateSpec>()]);
}
