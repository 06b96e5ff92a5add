using KernelGen.Benchmarking;

namespace KernelGen.Tool;

/// <summary>One run of a benchmark: what it is compared with, and what it has found so far.</summary>
internal sealed class BenchContext(MachineLimits limits, string command, Action<string> say, CancellationToken cancellation)
{
    private static readonly IKernelDevice[] Processor = [new CpuDevice()];

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

    /// <summary>The devices to compare, in the order of the command line.</summary>
    public IReadOnlyList<IKernelDevice> Devices { get; init; } = Processor;

    /// <summary>Whether the processor is among them.</summary>
    public bool HasProcessor => Devices.Any(device => device.Name == DeviceName.Cpu);

    /// <summary>The others.</summary>
    public IEnumerable<IKernelDevice> OtherDevices => Devices.Where(device => device.Name != DeviceName.Cpu);

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
