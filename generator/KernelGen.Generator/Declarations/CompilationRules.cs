using KernelGen.Generator.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Generator.Declarations;

/// <summary>The requirements on a compilation.</summary>
internal static class CompilationRules
{
    /// <summary>Findings without a location, which apply to every declaring class.</summary>
    public static IEnumerable<Finding> Check(Compilation compilation)
    {
        if (compilation is not CSharpCompilation csharp) yield break;
        if (!csharp.Options.AllowUnsafe)
            yield return new Finding(Rules.UnsafeNotAllowed, Location.None, "kernels use pointers; add <AllowUnsafeBlocks>true</AllowUnsafeBlocks> to the project");
        if (csharp.LanguageVersion < LanguageVersion.CSharp12)
            yield return new Finding(Rules.LanguageVersion, Location.None, $"kernels need C# 12, but the project uses C# {csharp.LanguageVersion.ToDisplayString()}");
        if (csharp.GetTypeByMetadataName("KernelGen.KernelVariant") is null)
            yield return new Finding(Rules.RuntimeMissing, Location.None, "kernels need the KernelGen.Runtime library, which the project does not reference");
    }
}
