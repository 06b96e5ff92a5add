using System.Security.Cryptography;
using System.Text;
using KernelGen.Compiler.Ptx;

namespace KernelGen.Tests;

/// <summary>
/// The catalogue's texts have the hashes in <c>Hashes.txt</c>, except for the order of register declarations: a refactoring of the writer must not change them.
/// </summary>
public class PtxHashTests
{
    [Fact]
    public void TextsAreThoseOfTheHashes()
    {
        var actual = PtxCatalogue.Kernels().AsParallel().AsOrdered().Select(kernel => (kernel.Kind, Text: Canonical(GroupedGemm.Write(kernel.Shape, kernel.Tile)), Bytes: GroupedGemm.SharedBytes(kernel.Shape, kernel.Tile), Threads: GroupedGemm.Threads(kernel.Shape, kernel.Tile)))
            .GroupBy(kernel => kernel.Kind)
            .Select(kind => $"{kind.Key}: {kind.Count()} {Hash(kind.Select(kernel => $"{kernel.Bytes} {kernel.Threads}\n{kernel.Text}"))}");
        Assert.Equal(File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Ptx", "Hashes.txt")), actual);
    }

    /// <summary>Registers one a line, in the order of their names; everything else as it is.</summary>
    internal static string Canonical(string text)
    {
        var lines = text.Split('\n').ToLookup(line => line.StartsWith("    .reg ", StringComparison.Ordinal));
        var registers = lines[true].SelectMany(line => line.TrimEnd(';').Split([' ', ','], StringSplitOptions.RemoveEmptyEntries) is var parts ? parts.Skip(2).Select(name => $"{parts[1]} {name}") : []);
        return string.Join('\n', registers.Order(StringComparer.Ordinal).Concat(lines[false]));
    }

    private static string Hash(IEnumerable<string> texts) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', texts))));
}
