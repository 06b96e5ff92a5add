namespace KernelGen.Benchmarking;

/// <summary>Rejects sizes that exceed the memory, before the operating system does.</summary>
public static class MemoryLimit
{
    private const double MaxShare = 0.8;

    /// <summary>The predicate of an error message if inputs of this size do not fit in memory, otherwise null.</summary>
    public static string? Problem(double bytes)
    {
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return bytes > MaxShare * available ? FormattableString.Invariant($"take {bytes / 1e9:F1} GB; this machine has {available / 1e9:F1} GB") : null;
    }
}
