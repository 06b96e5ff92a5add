using System.Runtime.ExceptionServices;

namespace KernelGen.HuggingFace;

/// <summary>Loads experts on all processors, can be stopped, and tells how many it has loaded.</summary>
internal sealed class LoadProgress(IProgress<int>? progress, CancellationToken cancellation)
{
    private int _loaded;

    public CancellationToken Cancellation => cancellation;

    /// <summary>Calls <paramref name="load"/> for every expert. What it throws comes out as it was thrown.</summary>
    /// <exception cref="OperationCanceledException">The token asked for it.</exception>
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
