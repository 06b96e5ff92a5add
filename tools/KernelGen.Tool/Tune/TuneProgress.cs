using System.Diagnostics;
using System.Globalization;
using KernelGen.Tuning;

namespace KernelGen.Tool.Tune;

/// <summary>Reports the progress of a search and the estimated time left.</summary>
/// <param name="target">Estimates the time of calls.</param>
/// <param name="tokens">All token counts.</param>
/// <param name="say">Reports progress.</param>
internal sealed class TuneProgress(ITuningTarget target, int[] tokens, Action<string> say)
{
    // A search compiles kernels first, whatever the token count.
    private const double MakingUs = 20_000;

    private readonly Stopwatch _sinceStart = Stopwatch.StartNew();
    private readonly HashSet<int> _done = [];

    /// <summary>Reports how many candidates of a token count have been timed.</summary>
    public void Measured(int current, int candidates)
    {
        var done = _done.Sum(Weight);
        var left = done > 0 ? $", about {Words(_sinceStart.Elapsed * (tokens.Except(_done).Sum(Weight) / done))} left" : "";
        say(string.Create(CultureInfo.InvariantCulture, $"{current} tokens, {_done.Count + 1} of {tokens.Length}: {candidates} candidates measured{left}"));
    }

    /// <summary>Reports that a token count is complete.</summary>
    public void Done(int number)
    {
        _done.Add(number);
        if (_done.Count < tokens.Length) Measured(tokens.First(other => !_done.Contains(other)), 0);
    }

    /// <summary>A duration in words.</summary>
    internal static string Words(TimeSpan time) => time.TotalSeconds < 90
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(time.TotalSeconds, 1):F0} s")
        : time.TotalMinutes < 90 ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:F0} min") : string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:F1} h");

    private double Weight(int number) => MakingUs + target.Estimate(target.Heuristic(number), number);
}
