using System.Text;
using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Emission;

/// <summary>The names of what is emitted.</summary>
internal static class GeneratedNames
{
    /// <summary>What a dispatcher calls the namespace of its variants.</summary>
    public const string VariantsAlias = "GeneratedVariants";

    private const string RootNamespace = "KernelGen.Generated";

    private static readonly string Version = typeof(GeneratedNames).Assembly.GetName().Version.ToString(3);

    /// <summary>The attribute line that marks emitted members.</summary>
    public static string GeneratedCodeAttribute { get; } = $"[global::System.CodeDom.Compiler.GeneratedCode(\"KernelGen\", \"{Version}\")]";

    /// <summary>The namespace of a class's variants. Classes with different names have different ones.</summary>
    public static string VariantNamespace(string classFullName) => $"{RootNamespace}.{Escape(Flatten(classFullName))}";

    /// <summary>The type of a variant in a dispatcher. The double colon looks among aliases only, so that no name of the user's can come between.</summary>
    public static string VariantType(IKernelSpec spec) => $"{VariantsAlias}::{spec.VariantName}";

    /// <summary>The same for the variant for ILGPU's devices.</summary>
    public static string IlgpuVariantType(IKernelSpec spec) => $"{VariantsAlias}::{spec.Family.IlgpuVariantName(spec)}";

    /// <summary>Each part of a dotted name as it is written in C#.</summary>
    public static string EscapeDotted(string name) => string.Join(".", name.Split('.').Select(Escape));

    /// <summary>A name as it is written in C#: keywords get an <c>@</c>.</summary>
    public static string Escape(string name)
    {
        var keyword = SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None || SyntaxFacts.GetContextualKeywordKind(name) != SyntaxKind.None;
        return keyword ? $"@{name}" : name;
    }

    // A dot becomes an underscore; an underscore is followed by 0, which no part of a name starts with: so two names never meet.
    private static string Flatten(string name)
    {
        var flat = new StringBuilder(name.Length);
        foreach (var letter in name)
        {
            if (letter == '_') flat.Append("_0");
            else flat.Append(letter == '.' ? '_' : letter);
        }

        return flat.ToString();
    }
}
