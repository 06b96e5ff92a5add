using KernelGen.Benchmarking;

namespace KernelGen.Tool;

/// <summary>Rejects sizes that exceed the memory, before the operating system does.</summary>
internal static class MemoryNeed
{
    /// <summary>Requires that the inputs of so many tokens fit in one array.</summary>
    /// <exception cref="UsageException">They do not fit.</exception>
    public static void RequireTokens(int tokens, int most)
    {
        if (tokens > most) throw new UsageException($"--tokens is {tokens}; with these shapes expected at most {most}");
    }

    /// <summary>Requires that inputs of this size fit in memory.</summary>
    /// <exception cref="UsageException">They do not fit.</exception>
    public static void Require(double bytes)
    {
        if (MemoryLimit.Problem(bytes) is { } problem) throw new UsageException($"these shapes {problem}");
    }
}
