using System.Diagnostics;

namespace KernelGen.Tool;

/// <summary>Reports how many experts are loaded, at a readable rate.</summary>
internal sealed class LoadedExperts(int experts, Action<string> say) : IProgress<int>
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly object _lock = new();
    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();

    /// <summary>Called by the thread that has loaded an expert.</summary>
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
