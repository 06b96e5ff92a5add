using System.ComponentModel;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace KernelGen;

/// <summary>Reports which variants the dispatchers select, as a metric and, optionally, as log lines.</summary>
public static partial class KernelDispatch
{
    /// <summary>Name of the meter. Its counter <c>kernelgen.dispatches</c> counts calls, tagged with <c>variant</c>.</summary>
    public const string MeterName = "KernelGen";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Dispatches = Meter.CreateCounter<long>("kernelgen.dispatches", "{call}", "Calls by selected variant");

    /// <summary>Receives a Debug line for every dispatched call. The default logs nothing.</summary>
    public static ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>Called by generated dispatchers.</summary>
    /// <param name="variant">The selected variant.</param>
    /// <param name="tokens">Token count T of the call.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static void Report(KernelVariant variant, int tokens)
    {
        if (Dispatches.Enabled) Dispatches.Add(1, new KeyValuePair<string, object?>("variant", variant.Name));
        LogDispatch(Logger, variant.Name, tokens);
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "{Variant} runs {Tokens} tokens")]
    private static partial void LogDispatch(ILogger logger, string variant, int tokens);
}
