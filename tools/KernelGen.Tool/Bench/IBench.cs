namespace KernelGen.Tool;

/// <summary>A benchmark of checked shapes.</summary>
internal interface IBench
{
    /// <summary>Verifies and times; the rows go to <paramref name="bench"/>.</summary>
    /// <exception cref="CheckFailedException">A kernel computes something else than the reference.</exception>
    /// <exception cref="UsageException">The machine lacks the memory for the shapes.</exception>
    void Run(BenchContext bench);
}
