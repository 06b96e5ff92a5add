using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes the C# of declared classes.</summary>
public static class KernelEmitter
{
    /// <summary>Every file of a class: its dispatcher and its variants.</summary>
    /// <param name="declared">The class.</param>
    /// <param name="onlyVectorBits">The one vector width to make kernels for, where the processor is known; null for all that a variant has.</param>
    public static IReadOnlyList<EmittedSource> Emit(DeclaredClass declared, int? onlyVectorBits = null) =>
        [EmitDispatcher(declared), .. declared.Variants.SelectMany(spec => VariantFiles.Emit(declared.FullName, declared.HintName, spec, onlyVectorBits))];

    /// <summary>Every further file of a class whose compilation references ILGPU.</summary>
    public static IReadOnlyList<EmittedSource> EmitIlgpu(DeclaredClass declared) =>
        [.. EmitIlgpuDispatcher(declared), .. declared.DeviceVariants.SelectMany(spec => EmitIlgpuVariant(declared.FullName, declared.HintName, spec))];

    /// <summary>The file with the members that take a stream and views; none where no family of the class has ILGPU kernels.</summary>
    public static IReadOnlyList<EmittedSource> EmitIlgpuDispatcher(DeclaredClass declared) => IlgpuDispatcherFile.Emit(declared);

    /// <summary>The files of one variant for ILGPU's devices; none where its family has no ILGPU kernels.</summary>
    /// <param name="classFullName">The class that declares the variant, as in <see cref="DeclaredClass.FullName"/>.</param>
    /// <param name="classHintName">What the file names start with, as in <see cref="DeclaredClass.HintName"/>.</param>
    /// <param name="spec">A valid spec.</param>
    public static IReadOnlyList<EmittedSource> EmitIlgpuVariant(string classFullName, string classHintName, IKernelSpec spec) =>
        IlgpuVariantFiles.Emit(classFullName, classHintName, spec);

    /// <summary>The file with the members that users call.</summary>
    public static EmittedSource EmitDispatcher(DeclaredClass declared) => DispatcherFile.Emit(declared);

    /// <summary>The files of one variant: the choice of the vector width, and the kernel for each width.</summary>
    /// <param name="classFullName">The class that declares the variant, as in <see cref="DeclaredClass.FullName"/>.</param>
    /// <param name="classHintName">What the file names start with, as in <see cref="DeclaredClass.HintName"/>.</param>
    /// <param name="spec">A valid spec.</param>
    public static IReadOnlyList<EmittedSource> EmitVariant(string classFullName, string classHintName, IKernelSpec spec) =>
        VariantFiles.Emit(classFullName, classHintName, spec);
}
