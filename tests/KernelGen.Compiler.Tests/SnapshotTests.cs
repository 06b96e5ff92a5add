using System.Runtime.CompilerServices;
using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Tests;

/// <summary>What a realistic template becomes, word for word. KERNELGEN_UPDATE_SNAPSHOTS=1 writes the files anew.</summary>
public class SnapshotTests
{
    [Theory]
    [InlineData(256, 3, 2, false, "float")]
    [InlineData(512, 2, 2, true, "sbyte")]
    public void Gemm_tile(int bits, int rows, int vectors, bool accumulate, string weight)
    {
        var request = Sample.Request(("Rows", ConstantValue.From(rows)), ("Vectors", ConstantValue.From(vectors)), ("Accumulate", ConstantValue.From(accumulate))) with
        {
            ClassName = "GemmTile" + bits,
            VectorBits = bits,
            Types = new Dictionary<string, string> { ["TWeight"] = weight },
        };
        Check($"GemmTile.{bits}.txt", request);
        Check($"GemmTile.{bits}.unspecialised.txt", request with { Specialize = false });
    }

    private static void Check(string name, SpecializationRequest request)
    {
        var template = File.ReadAllText(Folder("GemmTile.cs"));
        var result = Specializer.Specialize(KernelTemplate.Parse(new TemplateSource("GemmTile.cs", template)), request);
        Assert.Empty(result.Problems.Select(problem => problem.ToString()));
        var text = string.Join("\n", result.Usings) + "\n\n" + result.Source;

        var compilation = new InProcess();
        compilation.Add("#nullable enable\n" + text);
        Assert.Empty(compilation.Check());

        if (Environment.GetEnvironmentVariable("KERNELGEN_UPDATE_SNAPSHOTS") == "1") File.WriteAllText(Folder(name), text);
        Assert.Equal(File.ReadAllText(Folder(name)).Replace("\r\n", "\n"), text);
    }

    private static string Folder(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Snapshots", name);
}
