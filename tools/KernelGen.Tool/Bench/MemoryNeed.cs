using KernelGen.Benchmarking;

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
        if (MemoryLimit.Problem(bytes) is { } problem) throw new UsageException($"these shapes {problem}");
    }
}
