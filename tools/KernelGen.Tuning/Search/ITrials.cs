namespace KernelGen.Tuning;

/// <summary>What a search measures with: real kernels, or costs that a test made up.</summary>
/// <typeparam name="T">A candidate; compares by content.</typeparam>
public interface ITrials<T>
{
    /// <summary>Makes a candidate ready, which may take long, and says why it cannot run; null if it can. A search asks once for each.</summary>
    string? Prepare(T candidate, CancellationToken cancellation);

    /// <summary>One round: each candidate runs on the same input, one after the other.</summary>
    /// <param name="candidates">Prepared ones.</param>
    /// <param name="microseconds">Receives the time of each.</param>
    /// <param name="cancellation">Looked at between calls.</param>
    void Round(IReadOnlyList<T> candidates, Span<double> microseconds, CancellationToken cancellation);

    /// <summary>Compares what a candidate computes with the reference. Null if that is right, else what is not.</summary>
    string? Verify(T candidate, CancellationToken cancellation);
}
