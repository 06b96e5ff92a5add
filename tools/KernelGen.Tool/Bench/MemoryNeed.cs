namespace KernelGen.Tool;

/// <summary>Says no before the operating system does.</summary>
internal static class MemoryNeed
{
    /// <summary>Requires that the inputs of so many tokens lie in one array.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public static void RequireTokens(int tokens, int most)
    {
        if (tokens > most) throw new UsageException($"--tokens is {tokens}; with these shapes expected at most {most}");
    }

    /// <summary>Requires that inputs of so many bytes fit.</summary>
    /// <exception cref="UsageException">They do not.</exception>
    public static void Require(double bytes)
    {
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (bytes > 0.8 * available)
            throw new UsageException(FormattableString.Invariant($"these shapes take {bytes / 1e9:F1} GB; this machine has {available / 1e9:F1} GB"));
    }
}
