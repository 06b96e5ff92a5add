using System.Collections.Concurrent;
using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>The kernel templates embedded in this assembly. Each is parsed once.</summary>
public static class TemplateLibrary
{
    private static readonly ConcurrentDictionary<string, KernelTemplate> Parsed = new();

    /// <summary>The CPU template that <paramref name="files"/> declare together.</summary>
    /// <exception cref="ArgumentException">There is no such file.</exception>
    public static KernelTemplate Get(IReadOnlyList<string> files) =>
        Parsed.GetOrAdd(string.Join(";", files), _ => KernelTemplate.Parse(files.Select(Read).ToArray()));

    private static TemplateSource Read(string file)
    {
        var path = $"Cpu/{file}";
        using var stream = typeof(TemplateLibrary).Assembly.GetManifestResourceStream(path)
            ?? throw new ArgumentException($"there is no kernel template {path}", nameof(file));
        using var reader = new StreamReader(stream);
        return new TemplateSource(path, reader.ReadToEnd());
    }
}
