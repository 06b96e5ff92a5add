using KernelGen.Compiler.Dispatch;
using KernelGen.Compiler.Emission;

namespace KernelGen.Compiler.Families;

/// <summary>Product-key routers: <c>[OmniRouter]</c>.</summary>
public sealed class OmniRouterFamily : KernelFamily
{
    private OmniRouterFamily()
    {
    }

    /// <summary>The family.</summary>
    public static OmniRouterFamily Instance { get; } = new();

    /// <inheritdoc/>
    public override string Attribute => "OmniRouter";

    /// <inheritdoc/>
    public override DecodedAttribute Decode(AttributeArguments arguments) => DecodedAttribute.Of(arguments, new OmniRouterSpec(
        arguments.Int(nameof(OmniRouterAttribute.ExpertsPerAxis)),
        arguments.Int(nameof(OmniRouterAttribute.TopK)),
        arguments.Bool(nameof(OmniRouterAttribute.Specialize), absent: true)));

    /// <inheritdoc/>
    public override CpuRecipe Cpu(IKernelSpec spec, int vectorBits) => new(
        OmniRouterCpuRecipe.Files, OmniRouterCpuRecipe.Request((OmniRouterSpec)spec, vectorBits, CpuRecipe.ClassName(vectorBits)), "global::KernelGen.Cpu.OmniRouterArguments")
    {
        BackwardArgumentsType = "global::KernelGen.Cpu.OmniRouterGradients",
    };

    /// <inheritdoc/>
    public override IlgpuRecipe Ilgpu(IKernelSpec spec) => OmniRouterIlgpuRecipe.Recipe((OmniRouterSpec)spec);

    /// <inheritdoc/>
    internal override Dispatcher Dispatcher(DeclaredClass declared) => OmniRouterEntryPoints.Of(declared.Specs);
}
