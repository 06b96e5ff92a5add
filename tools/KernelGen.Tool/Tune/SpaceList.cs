using KernelGen.Tuning;

namespace KernelGen.Tool.Tune;

/// <summary>Prints search spaces.</summary>
internal static class SpaceList
{
    /// <summary>Lists all, or one with its values.</summary>
    public static void Write(TextWriter output, string? name)
    {
        foreach (var space in name is null ? NamedSpaces.All : [NamedSpaces.FindOrLoad(name)])
        {
            output.WriteLine(FormattableString.Invariant($"{space.Name}: {space.Count} combinations, family {space.Family}"));
            if (space.Description.Length > 0) output.WriteLine($"    {space.Description}");
            if (name is null) continue;
            foreach (var (key, values) in space.Parameters) output.WriteLine($"    {key} {string.Join(", ", values)}");
        }
    }
}
