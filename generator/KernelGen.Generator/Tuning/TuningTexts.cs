using KernelGen.Compiler;
using KernelGen.Compiler.Emission;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Tuning;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace KernelGen.Generator.Tuning;

/// <summary>The tuning files among a project's <c>AdditionalFiles</c>, and what they do to a declared class.</summary>
internal static class TuningTexts
{
    /// <summary>Whether a file is one, by its name.</summary>
    public static bool Is(AdditionalText text) => TuningFileName.Resembles(Path.GetFileName(text.Path));

    public static TuningInput Read(AdditionalText text, CancellationToken cancellation)
    {
        var content = text.GetText(cancellation);
        return TuningInput.Read(text.Path, content is null ? "" : content.ToString(new TextSpan(0, Math.Min(content.Length, TuningFile.MostCharacters + 1))));
    }

    /// <summary>The class with the variants that the files choose.</summary>
    public static DeclaredClass Tune(DeclaredClass declared, TuningSet files)
    {
        if (declared.Experts.Count == 0) return declared;
        var problems = new List<TuningProblem>(); // the analyzer's to report
        var tuned = declared.Experts.GroupBy(spec => spec.DispatchKey).Select(same => files.ForCpu(same.First(), problems));
        return declared with { Tuned = new EquatableArray<TunedExperts>(tuned.OfType<TunedExperts>()) };
    }
}
