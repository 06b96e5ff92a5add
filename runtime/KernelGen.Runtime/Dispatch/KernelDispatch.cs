using System.ComponentModel;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace KernelGen;

/// <summary>Shows which variants the dispatchers choose: as a metric and, when asked, as log lines.</summary>
public static partial class KernelDispatch
{
    /// <summary>Name of the meter whose counter <c>kernelgen.dispatches</c> counts calls by the tag <c>variant</c>.</summary>
    public const string MeterName = "KernelGen";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Dispatches = Meter.CreateCounter<long>("kernelgen.dispatches", "{call}", "Calls by chosen variant");

    /// <summary>Receives a Debug line for every dispatched call. By default nothing is logged.</summary>
    public static ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>Called by generated dispatchers.</summary>
    /// <param name="variant">The variant that runs.</param>
    /// <param name="tokens">Number of tokens T of the call.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static void Report(KernelVariant variant, int tokens)
    {
        if (Dispatches.Enabled) Dispatches.Add(1, new KeyValuePair<string, object?>("variant", variant.Name));
        LogDispatch(Logger, variant.Name, tokens);
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "{Variant} runs {Tokens} tokens")]
    private static partial void LogDispatch(ILogger logger, string variant, int tokens);
}
