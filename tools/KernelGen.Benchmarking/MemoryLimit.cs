namespace KernelGen.Benchmarking;

/// <summary>Says no before the operating system does.</summary>
public static class MemoryLimit
{
    private const double MaxShare = 0.8;

    /// <summary>Why inputs of so many bytes do not fit this machine, to be continued from what takes them; null if they do.</summary>
    public static string? Problem(double bytes)
    {
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return bytes > MaxShare * available ? FormattableString.Invariant($"take {bytes / 1e9:F1} GB; this machine has {available / 1e9:F1} GB") : null;
    }
}
