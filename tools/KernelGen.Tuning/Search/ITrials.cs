namespace KernelGen.Tuning;

/// <summary>The measurements of a search: of real kernels, or of a test's synthetic costs.</summary>
/// <typeparam name="T">A candidate, compared by content.</typeparam>
public interface ITrials<T>
{
    /// <summary>Prepares a candidate, which may take long. Returns why it cannot run, or null. A search calls this once per candidate.</summary>
    string? Prepare(T candidate, CancellationToken cancellation);

    /// <summary>Runs one round: each candidate on the same input, one after another.</summary>
    /// <param name="candidates">Prepared candidates.</param>
    /// <param name="microseconds">Receives the time of each.</param>
    /// <param name="cancellation">Checked between calls.</param>
    void Round(IReadOnlyList<T> candidates, Span<double> microseconds, CancellationToken cancellation);

    /// <summary>Compares a candidate's result with the reference. Returns the mismatch, or null.</summary>
    string? Verify(T candidate, CancellationToken cancellation);
}
