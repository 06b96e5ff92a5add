using KernelGen.Benchmarking;

namespace KernelGen.Tool;

/// <summary>One run of a benchmark: what it is compared with, and what it has found so far.</summary>
internal sealed class BenchContext(MachineLimits limits, string command, Action<string> say, CancellationToken cancellation)
{
    /// <summary>Time for each kernel and number of tokens, after the warm-up.</summary>
    public static TimeSpan Budget { get; } = TimeSpan.FromMilliseconds(400);

    /// <summary>The machine's limits in this run.</summary>
    public MachineLimits Limits { get; set; } = limits;

    /// <summary>What repeats the run.</summary>
    public string Command => command;

    /// <summary>Runs before every timed call on the processor; null for nothing.</summary>
    public Action? BeforeCall { get; init; }

    /// <summary>Ends the run early.</summary>
    public CancellationToken Cancellation => cancellation;

    /// <summary>When it began.</summary>
    public DateTimeOffset Date { get; } = DateTimeOffset.UtcNow;

    /// <summary>Name of the specialised variant, the subject of the run.</summary>
    public string Subject { get; set; } = "";

    /// <summary>What was measured.</summary>
    public List<BenchRow> Rows { get; } = [];

    /// <summary>What was left out, and why.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Tells a person who watches what is going on.</summary>
    public void Say(string line) => say(line);
}
