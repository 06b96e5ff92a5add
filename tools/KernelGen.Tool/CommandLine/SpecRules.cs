using KernelGen.Compiler.Families;

namespace KernelGen.Tool;

/// <summary>Reports violated rules of the kernel families as failures of a command.</summary>
internal static class SpecRules
{
    /// <summary>Requires that a kernel can be generated.</summary>
    /// <exception cref="UsageException">It cannot; the message is that of the diagnostic.</exception>
    public static void RequireValid(this IKernelSpec spec)
    {
        if (spec.Validate() is [var problem, ..]) throw new UsageException($"{problem.Id}: {problem.Message}");
    }
}
