namespace KernelGen.Tool;

/// <summary>A benchmark of validated shapes.</summary>
internal interface IBench
{
    /// <summary>Verifies and times kernels; adds the rows to <paramref name="bench"/>.</summary>
    /// <exception cref="CheckFailedException">A kernel's result differs from the reference.</exception>
    /// <exception cref="UsageException">There is not enough memory for the shapes.</exception>
    void Run(BenchContext bench);
}
