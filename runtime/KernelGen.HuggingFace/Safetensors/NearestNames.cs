namespace KernelGen.HuggingFace;

/// <summary>Suggests names similar to a missing one.</summary>
internal static class NearestNames
{
    /// <summary>"has no tensor 'x'; nearest: 'y', 'z'".</summary>
    public static string Missing(string name, IEnumerable<string> available)
    {
        // Tensor names differ in one segment, so the length of equal prefix and suffix is a good and cheap measure; among equals, the sibling is nearer.
        var nearest = available.OrderByDescending(candidate => EqualEnds(name, candidate)).ThenBy(candidate => candidate, StringComparer.Ordinal)
            .Take(3).Select(SafetensorsException.Quote).ToArray();
        var hint = nearest.Length == 0 ? "it has no tensors" : $"nearest: {string.Join(", ", nearest)}";
        return $"has no tensor {SafetensorsException.Quote(name)}; {hint}";
    }

    private static (int Both, int Prefix) EqualEnds(string a, string b)
    {
        var prefix = a.AsSpan().CommonPrefixLength(b);
        var suffix = 0;
        while (suffix < Math.Min(a.Length, b.Length) - prefix && a[^(suffix + 1)] == b[^(suffix + 1)]) suffix++;
        return (prefix + suffix, prefix);
    }
}
