using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Tests;

/// <summary>A user's project with what the generator added.</summary>
internal sealed record GeneratedProject(CSharpCompilation Compilation, GeneratorDriverRunResult Result)
{
    /// <summary>The generated files' text by name.</summary>
    public IReadOnlyDictionary<string, string> Files { get; } =
        Result.Results.Single().GeneratedSources.ToDictionary(source => source.HintName, source => source.SourceText.ToString());

    /// <summary>Fails on any error or warning, in the user's code or in the generated code.</summary>
    public GeneratedProject AssertCompiles()
    {
        var complaints = Compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning && !IsMissingComment(diagnostic)).ToArray();
        Assert.True(complaints.Length == 0, string.Join(Environment.NewLine, complaints.Take(20).Select(Describe)));
        return this;
    }

    /// <summary>Compiles and loads.</summary>
    public Assembly Load()
    {
        AssertCompiles();
        using var stream = new MemoryStream();
        var emitted = Compilation.Emit(stream);
        Assert.True(emitted.Success, string.Join(Environment.NewLine, emitted.Diagnostics));
        stream.Position = 0;
        return new AssemblyLoadContext(null, isCollectible: true).LoadFromStream(stream);
    }

    // The sources of tests carry no documentation; what is generated must.
    private static bool IsMissingComment(Diagnostic diagnostic) =>
        diagnostic.Id == "CS1591" && diagnostic.Location.SourceTree!.FilePath.StartsWith("File", StringComparison.Ordinal);

    private static string Describe(Diagnostic diagnostic)
    {
        var lines = diagnostic.Location.SourceTree?.GetText().Lines;
        var line = lines?[diagnostic.Location.GetLineSpan().StartLinePosition.Line].ToString().Trim();
        return $"{diagnostic}{Environment.NewLine}    {line}";
    }
}
