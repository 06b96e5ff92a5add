using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes the C# of declared classes.</summary>
public static class KernelEmitter
{
    /// <summary>Every file of a class: its dispatcher and its variants.</summary>
    public static IReadOnlyList<EmittedSource> Emit(DeclaredClass declared) =>
        [EmitDispatcher(declared), .. declared.Variants.SelectMany(spec => EmitVariant(declared.FullName, declared.HintName, spec))];

    /// <summary>The file with the members that users call.</summary>
    public static EmittedSource EmitDispatcher(DeclaredClass declared) => DispatcherFile.Emit(declared);

    /// <summary>The files of one variant: the choice of the vector width, and the kernel for each width.</summary>
    /// <param name="classFullName">The class that declares the variant, as in <see cref="DeclaredClass.FullName"/>.</param>
    /// <param name="classHintName">What the file names start with, as in <see cref="DeclaredClass.HintName"/>.</param>
    /// <param name="spec">A valid spec.</param>
    public static IReadOnlyList<EmittedSource> EmitVariant(string classFullName, string classHintName, IKernelSpec spec) =>
        VariantFiles.Emit(classFullName, classHintName, spec);
}
