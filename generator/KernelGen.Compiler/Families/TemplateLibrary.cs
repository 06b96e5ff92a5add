using System.Collections.Concurrent;
using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>The kernel templates embedded in this assembly. Each is parsed once.</summary>
public static class TemplateLibrary
{
    private static readonly ConcurrentDictionary<string, KernelTemplate> Parsed = new();

    /// <summary>The template that <paramref name="files"/> in a back end's folder declare together.</summary>
    /// <exception cref="ArgumentException">There is no such file.</exception>
    public static KernelTemplate Get(IReadOnlyList<string> files, string folder = "Cpu") =>
        Parsed.GetOrAdd($"{folder}/{string.Join(";", files)}", _ => KernelTemplate.Parse(files.Select(file => Read($"{folder}/{file}")).ToArray()));

    private static TemplateSource Read(string path)
    {
        using var stream = typeof(TemplateLibrary).Assembly.GetManifestResourceStream(path)
            ?? throw new ArgumentException($"there is no kernel template {path}", nameof(path));
        using var reader = new StreamReader(stream);
        return new TemplateSource(path, reader.ReadToEnd());
    }
}
