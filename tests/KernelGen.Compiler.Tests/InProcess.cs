using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Tests;

/// <summary>Compiles sources with Roslyn and loads the result.</summary>
internal sealed class InProcess
{
    private static readonly MetadataReference[] References = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator)
        .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal) || Path.GetFileName(path).StartsWith("KernelGen.", StringComparison.Ordinal) || Path.GetFileName(path) == "netstandard.dll")
        .Select(path => (MetadataReference)MetadataReference.CreateFromFile(path))
        .ToArray();

    private readonly List<SyntaxTree> _trees = [];

    /// <summary>What the compiler said of which of the added sources.</summary>
    public sealed record Complaint(int File, string Message)
    {
        public override string ToString() => Message;
    }

    public void Add(string source) => _trees.Add(CSharpSyntaxTree.ParseText(source, path: _trees.Count.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>Errors, and the warnings that are unexpected in specialised code.</summary>
    public IReadOnlyList<Complaint> Check() => Compile(null);

    /// <summary>Loads the assembly; fails with <paramref name="describe"/> of the first error.</summary>
    public Assembly Load(Func<Complaint, string> describe)
    {
        using var image = new MemoryStream();
        var complaints = Compile(image);
        if (complaints.Count > 0) Assert.Fail(describe(complaints[0]));
        return Assembly.Load(image.ToArray());
    }

    private List<Complaint> Compile(Stream? image)
    {
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, optimizationLevel: OptimizationLevel.Release, nullableContextOptions: NullableContextOptions.Enable);
        var compilation = CSharpCompilation.Create("Specialised" + Guid.NewGuid().ToString("N"), _trees, References, options);
        var diagnostics = image is null ? compilation.GetDiagnostics() : compilation.Emit(image).Diagnostics;
        return diagnostics
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            .Select(diagnostic => new Complaint(int.Parse(diagnostic.Location.SourceTree!.FilePath, System.Globalization.CultureInfo.InvariantCulture), diagnostic.ToString()))
            .ToList();
    }
}
