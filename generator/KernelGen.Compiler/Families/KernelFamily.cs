using KernelGen.Compiler.Dispatch;
using KernelGen.Compiler.Emission;
using KernelGen.Compiler.Tuning;

namespace KernelGen.Compiler.Families;

/// <summary>A family of kernels: all that the generator, the tool and the emitter know of it. <see cref="KernelFamilies.All"/> lists every one.</summary>
public abstract class KernelFamily
{
    /// <summary>The attribute that declares a variant, as users write it, for example <c>MoeGate</c>.</summary>
    public abstract string Attribute { get; }

    /// <summary>Full name of the attribute's class.</summary>
    public string AttributeType => $"KernelGen.{Attribute}Attribute";

    /// <summary>What an attribute's arguments declare.</summary>
    public abstract DecodedAttribute Decode(AttributeArguments arguments);

    /// <summary>The vector widths, in bits, that a variant has on the CPU, the narrowest first.</summary>
    public virtual IReadOnlyList<int> VectorWidths(IKernelSpec spec) => CpuRecipe.VectorWidths;

    /// <summary>How a valid spec's CPU kernel is made for one vector width.</summary>
    public abstract CpuRecipe Cpu(IKernelSpec spec, int vectorBits);

    /// <summary>Whether there are kernels for ILGPU's devices.</summary>
    public virtual bool HasIlgpu => true;

    /// <summary>How a valid spec's kernels for ILGPU's devices are made; null if the family has none.</summary>
    public virtual IlgpuRecipe? Ilgpu(IKernelSpec spec) => null;

    /// <summary>The canonical name of a spec's variant for ILGPU's devices.</summary>
    public virtual string IlgpuVariantName(IKernelSpec spec) => $"{spec.ConfigurationName}_ilgpu";

    /// <summary>The declarations of specs as a user would write them, one line for each attribute.</summary>
    public virtual IReadOnlyList<string> Declarations(IEnumerable<IKernelSpec> specs) => [.. specs.Select(spec => spec.Declaration)];

    /// <summary>A declared class with what a project's tuning files choose for it.</summary>
    public virtual DeclaredClass Tune(DeclaredClass declared, TuningSet files) => declared;

    /// <summary>The names of the methods that the specs of one class add to it.</summary>
    public IEnumerable<string> MemberNames(DeclaredClass declared) => Dispatcher(declared).EntryPoints.Select(entry => entry.Name).Append("Select").Distinct();

    /// <summary>The members that a class gets.</summary>
    internal abstract Dispatcher Dispatcher(DeclaredClass declared);
}
