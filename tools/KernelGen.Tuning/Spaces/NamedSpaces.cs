using System.Text.Json;

namespace KernelGen.Tuning;

/// <summary>The search spaces that have a name: our own, and published ones. The embedded <c>NamedSpaces.json</c> holds them.</summary>
public static class NamedSpaces
{
    /// <summary>What a search on a CPU takes unless told otherwise.</summary>
    public const string Cpu = "cpu";

    /// <summary>The same on a CUDA device.</summary>
    public const string Cuda = "cuda";

    /// <summary>All, in the order of the file.</summary>
    public static IReadOnlyList<SearchSpace> All { get; } = Read();

    /// <summary>The space of a name, or what the file at a path holds.</summary>
    /// <exception cref="TuningException">There is neither, or the file holds no search space.</exception>
    public static SearchSpace FindOrLoad(string nameOrPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(nameOrPath);
        if (All.FirstOrDefault(space => space.Name == nameOrPath) is { } named) return named;
        if (File.Exists(nameOrPath)) return SearchSpaceReader.Load(nameOrPath);
        throw new TuningException($"{nameOrPath} is no file and no search space; there are {string.Join(", ", All.Select(space => space.Name))}");
    }

    private static SearchSpace[] Read()
    {
        using var stream = typeof(NamedSpaces).Assembly.GetManifestResourceStream("NamedSpaces.json")!;
        using var document = JsonDocument.Parse(stream);
        return [.. document.RootElement.EnumerateObject().Select(space => SearchSpaceReader.Read(space.Value, space.Name, space.Name))];
    }
}
