using System.Runtime.ExceptionServices;

namespace KernelGen.HuggingFace;

/// <summary>Loads experts on all cores, with cancellation and progress.</summary>
internal sealed class LoadProgress(IProgress<int>? progress, CancellationToken cancellation)
{
    private int _loaded;

    public CancellationToken Cancellation => cancellation;

    /// <summary>Calls <paramref name="load"/> for every expert. Exceptions are rethrown unchanged.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void ForEach(int experts, Action<int> load)
    {
        try
        {
            Parallel.For(0, experts, new ParallelOptions { CancellationToken = cancellation }, expert =>
            {
                load(expert);
                progress?.Report(Interlocked.Increment(ref _loaded));
            });
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
