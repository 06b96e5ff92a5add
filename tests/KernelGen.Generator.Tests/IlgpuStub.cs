using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Tests;

/// <summary><c>Stubs/Ilgpu.cs</c>, compiled: stands for ILGPU and KernelGen.Ilgpu where a test's project references them.</summary>
internal static class IlgpuStub
{
    public static MetadataReference Reference(IEnumerable<MetadataReference> references)
    {
        var tree = CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(Path.GetDirectoryName(ThisFile())!, "Stubs", "Ilgpu.cs")));
        return CSharpCompilation.Create("IlgpuStub", [tree], references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)).ToMetadataReference();
    }

    private static string ThisFile([CallerFilePath] string file = "") => file;
}
