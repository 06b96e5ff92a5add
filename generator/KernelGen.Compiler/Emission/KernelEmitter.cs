using KernelGen.Compiler.Dispatch;
using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes the C# of declared classes.</summary>
public static class KernelEmitter
{
    /// <summary>Every file of a class's family: the dispatcher and the variants.</summary>
    /// <param name="declared">The class and what it declares of the family.</param>
    /// <param name="onlyVectorBits">The one vector width to make kernels for, where the processor is known; null for all that a variant has.</param>
    public static IReadOnlyList<EmittedSource> Emit(DeclaredClass declared, int? onlyVectorBits = null) =>
        [EmitDispatcher(declared), .. declared.Variants.SelectMany(spec => VariantFiles.Emit(declared.Place, spec, onlyVectorBits))];

    /// <summary>Every further file of a family of a class whose compilation references ILGPU.</summary>
    public static IReadOnlyList<EmittedSource> EmitIlgpu(DeclaredClass declared) =>
        [.. EmitIlgpuDispatcher(declared), .. declared.DeviceVariants.SelectMany(spec => EmitIlgpuVariant(declared.Place, spec))];

    /// <summary>The file with the members that take a stream and views; none where the family has no ILGPU kernels.</summary>
    public static IReadOnlyList<EmittedSource> EmitIlgpuDispatcher(DeclaredClass declared) => declared.Family.HasIlgpu
        ? [new($"{declared.Place.HintName}.{declared.Family.Attribute}.Ilgpu.g.cs", DispatcherPage.Render(declared, EntryPointBackEnd.Ilgpu))]
        : [];

    /// <summary>The files of one variant for ILGPU's devices; none where its family has no ILGPU kernels.</summary>
    /// <param name="place">The class that declares the variant.</param>
    /// <param name="spec">A valid spec.</param>
    public static IReadOnlyList<EmittedSource> EmitIlgpuVariant(ClassPlace place, IKernelSpec spec) => IlgpuVariantFiles.Emit(place, spec);

    /// <summary>The file with the members that users call.</summary>
    public static EmittedSource EmitDispatcher(DeclaredClass declared) =>
        new($"{declared.Place.HintName}.{declared.Family.Attribute}.g.cs", DispatcherPage.Render(declared, EntryPointBackEnd.Cpu));

    /// <summary>The files of one variant: the choice of the vector width, and the kernel for each width.</summary>
    /// <param name="place">The class that declares the variant.</param>
    /// <param name="spec">A valid spec.</param>
    public static IReadOnlyList<EmittedSource> EmitVariant(ClassPlace place, IKernelSpec spec) => VariantFiles.Emit(place, spec);
}
