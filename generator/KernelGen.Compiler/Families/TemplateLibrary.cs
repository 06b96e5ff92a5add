using System.Collections.Concurrent;
using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Families;

/// <summary>The kernel templates embedded in this assembly. Each is parsed once.</summary>
public static class TemplateLibrary
{
    private static readonly ConcurrentDictionary<string, KernelTemplate> Parsed = new();

    /// <summary>The template of a file.</summary>
    /// <param name="name">Folder and file, for example <c>Cpu/MoeGate.cs</c>.</param>
    /// <exception cref="ArgumentException">There is no such template.</exception>
    public static KernelTemplate Get(string name) => Parsed.GetOrAdd(name, Parse);

    private static KernelTemplate Parse(string name)
    {
        using var stream = typeof(TemplateLibrary).Assembly.GetManifestResourceStream(name)
            ?? throw new ArgumentException($"there is no kernel template named {name}", nameof(name));
        using var reader = new StreamReader(stream);
        return KernelTemplate.Parse(new TemplateSource(name, reader.ReadToEnd()));
    }
}
