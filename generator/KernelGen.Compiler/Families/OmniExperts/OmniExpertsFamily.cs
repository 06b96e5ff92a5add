using KernelGen.Compiler.Dispatch;
using KernelGen.Compiler.Emission;

namespace KernelGen.Compiler.Families;

/// <summary>One-neuron experts: <c>[OmniExperts]</c>.</summary>
public sealed class OmniExpertsFamily : KernelFamily
{
    private OmniExpertsFamily()
    {
    }

    /// <summary>The family.</summary>
    public static OmniExpertsFamily Instance { get; } = new();

    /// <inheritdoc/>
    public override string Attribute => "OmniExperts";

    /// <inheritdoc/>
    public override DecodedAttribute Decode(AttributeArguments arguments) => DecodedAttribute.Of(arguments, new OmniExpertsSpec(
        arguments.Int(nameof(OmniExpertsAttribute.ExpertsPerAxis)),
        arguments.Int(nameof(OmniExpertsAttribute.TopK)),
        arguments.Int(nameof(OmniExpertsAttribute.HiddenSize)),
        arguments.Bool(nameof(OmniExpertsAttribute.Specialize), absent: true)));

    /// <inheritdoc/>
    public override CpuRecipe Cpu(IKernelSpec spec, int vectorBits) => new(
        OmniExpertsCpuRecipe.Files, OmniExpertsCpuRecipe.Request((OmniExpertsSpec)spec, vectorBits, CpuRecipe.ClassName(vectorBits)), "global::KernelGen.Cpu.OmniExpertsArguments")
    {
        BackwardArgumentsType = "global::KernelGen.Cpu.OmniExpertsGradients",
    };

    /// <inheritdoc/>
    public override IlgpuRecipe Ilgpu(IKernelSpec spec) => OmniExpertsIlgpuRecipe.Recipe((OmniExpertsSpec)spec);

    /// <inheritdoc/>
    internal override Dispatcher Dispatcher(DeclaredClass declared) => OmniExpertsEntryPoints.Of(declared.Specs);
}
