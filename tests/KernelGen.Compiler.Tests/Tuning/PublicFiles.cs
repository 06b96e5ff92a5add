using System.Runtime.CompilerServices;

namespace KernelGen.Tests;

/// <summary>Files in the form of those that sglang and vLLM publish; the numbers are our own.</summary>
internal static class PublicFiles
{
    private static readonly string Folder = FindFolder();

    public static IReadOnlyList<string> Names { get; } = Directory.GetFiles(Folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal).ToArray();

    public static string Read(string name) => File.ReadAllText(Path.Combine(Folder, name));

    private static string FindFolder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Files");
}
