using System.Diagnostics;

namespace KernelGen.Tool;

/// <summary>Says how many experts are loaded, no more often than a person can read.</summary>
internal sealed class LoadedExperts(int experts, Action<string> say) : IProgress<int>
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly object _lock = new();
    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();

    /// <summary>Called by whichever thread has loaded one.</summary>
    public void Report(int value)
    {
        lock (_lock)
        {
            if (_sinceLast.Elapsed < Interval) return;
            say($"reading weights: {value} of {experts} experts");
            _sinceLast.Restart();
        }
    }
}
