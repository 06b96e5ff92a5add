using System.Diagnostics;
using System.Globalization;
using KernelGen.Tuning;

namespace KernelGen.Tool.Tune;

/// <summary>Says how far a search is and how long it will still take.</summary>
/// <param name="target">Estimates how long calls take.</param>
/// <param name="tokens">All numbers of tokens.</param>
/// <param name="say">Tells a person who watches.</param>
internal sealed class TuneProgress(ITuningTarget target, int[] tokens, Action<string> say)
{
    // A search makes kernels first, whatever the number of tokens.
    private const double MakingUs = 20_000;

    private readonly Stopwatch _sinceStart = Stopwatch.StartNew();
    private readonly HashSet<int> _done = [];

    /// <summary>So many candidates of a number of tokens have been timed.</summary>
    public void Measured(int current, int candidates)
    {
        var done = _done.Sum(Weight);
        var left = done > 0 ? $", about {Words(_sinceStart.Elapsed * (tokens.Except(_done).Sum(Weight) / done))} left" : "";
        say(string.Create(CultureInfo.InvariantCulture, $"{current} tokens, {_done.Count + 1} of {tokens.Length}: {candidates} candidates measured{left}"));
    }

    /// <summary>A number of tokens is complete.</summary>
    public void Done(int number)
    {
        _done.Add(number);
        if (_done.Count < tokens.Length) Measured(tokens.First(other => !_done.Contains(other)), 0);
    }

    /// <summary>A duration as a person would say it.</summary>
    internal static string Words(TimeSpan time) => time.TotalSeconds < 90
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(time.TotalSeconds, 1):F0} s")
        : time.TotalMinutes < 90 ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:F0} min") : string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:F1} h");

    private double Weight(int number) => MakingUs + target.Estimate(target.Heuristic(number), number);
}
