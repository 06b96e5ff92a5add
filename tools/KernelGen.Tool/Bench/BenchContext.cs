using KernelGen.Benchmarking;

namespace KernelGen.Tool;

/// <summary>One run of a benchmark: settings and results.</summary>
internal sealed class BenchContext(MachineLimits limits, string command, Action<string> say, CancellationToken cancellation)
{
    private static readonly IKernelDevice[] Processor = [new CpuDevice()];

    /// <summary>Time per kernel and token count, after the warm-up.</summary>
    public static TimeSpan Budget { get; } = TimeSpan.FromMilliseconds(400);

    /// <summary>The machine's limits in this run.</summary>
    public MachineLimits Limits { get; set; } = limits;

    /// <summary>The command that repeats the run.</summary>
    public string Command => command;

    /// <summary>Runs before every timed call on the CPU, or null.</summary>
    public Action? BeforeCall { get; init; }

    /// <summary>Cancels the run.</summary>
    public CancellationToken Cancellation => cancellation;

    /// <summary>The devices to compare, in command-line order.</summary>
    public IReadOnlyList<IKernelDevice> Devices { get; init; } = Processor;

    /// <summary>Whether the CPU is among them.</summary>
    public bool HasProcessor => Devices.Any(device => device.Name == DeviceName.Cpu);

    /// <summary>The devices other than the CPU.</summary>
    public IEnumerable<IKernelDevice> OtherDevices => Devices.Where(device => device.Name != DeviceName.Cpu);

    /// <summary>Start of the run.</summary>
    public DateTimeOffset Date { get; } = DateTimeOffset.UtcNow;

    /// <summary>Name of the specialised variant, the subject of the run.</summary>
    public string Subject { get; set; } = "";

    /// <summary>The measurements.</summary>
    public List<BenchRow> Rows { get; } = [];

    /// <summary>What was omitted, and why.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Reports progress.</summary>
    public void Say(string line) => say(line);
}
