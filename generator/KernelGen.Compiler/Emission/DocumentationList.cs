using System.Security;
using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Emission;

/// <summary>Declared variants as a bullet list of an XML comment.</summary>
internal static class DocumentationList
{
    /// <summary>Lines that start with <c>///</c>, without a line feed at the end.</summary>
    public static string Of(IEnumerable<IKernelSpec> specs)
    {
        var items = specs.Select(spec => $"/// <item><description><c>{SecurityElement.Escape(spec.Declaration)}</c></description></item>");
        return string.Join("\n", new[] { "/// <list type=\"bullet\">" }.Concat(items).Append("/// </list>"));
    }
}
