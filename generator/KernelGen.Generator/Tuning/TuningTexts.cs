using KernelGen.Compiler.Tuning;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace KernelGen.Generator.Tuning;

/// <summary>The tuning files among a project's <c>AdditionalFiles</c>.</summary>
internal static class TuningTexts
{
    /// <summary>Whether a file is one, by its name.</summary>
    public static bool Is(AdditionalText text) => TuningFileName.Resembles(Path.GetFileName(text.Path));

    public static TuningInput Read(AdditionalText text, CancellationToken cancellation)
    {
        var content = text.GetText(cancellation);
        return TuningInput.Read(text.Path, content is null ? "" : content.ToString(new TextSpan(0, Math.Min(content.Length, TuningFile.MaxCharacters + 1))));
    }
}
