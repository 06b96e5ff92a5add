using System.Text.Json;

namespace KernelGen.Tuning;

/// <summary>The named search spaces, our own and published ones, from the embedded <c>NamedSpaces.json</c>.</summary>
public static class NamedSpaces
{
    /// <summary>The default search space on a CPU.</summary>
    public const string Cpu = "cpu";

    /// <summary>The default search space on a CUDA device.</summary>
    public const string Cuda = "cuda";

    /// <summary>All named spaces, in file order.</summary>
    public static IReadOnlyList<SearchSpace> All { get; } = Read();

    /// <summary>The space of that name, or the one in a file.</summary>
    /// <exception cref="TuningException">There is neither, or the file is not a search space.</exception>
    public static SearchSpace FindOrLoad(string nameOrPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(nameOrPath);
        if (All.FirstOrDefault(space => space.Name == nameOrPath) is { } named) return named;
        if (File.Exists(nameOrPath)) return SearchSpaceReader.Load(nameOrPath);
        throw new TuningException($"{nameOrPath} is neither a file nor a search space; search spaces: {string.Join(", ", All.Select(space => space.Name))}");
    }

    private static SearchSpace[] Read()
    {
        using var stream = typeof(NamedSpaces).Assembly.GetManifestResourceStream("NamedSpaces.json")!;
        using var document = JsonDocument.Parse(stream);
        return [.. document.RootElement.EnumerateObject().Select(space => SearchSpaceReader.Read(space.Value, space.Name, space.Name))];
    }
}
