using KernelGen.Benchmarking;

namespace KernelGen.Tool;

/// <summary>The measurement of one kernel with one token count.</summary>
internal sealed record BenchRow
{
    /// <summary>Canonical name of the variant, or the name of a baseline.</summary>
    public required string Variant { get; init; }

    /// <summary>The form of the computation, in a word or two.</summary>
    public required string Form { get; init; }

    /// <summary>The device.</summary>
    public DeviceName Device { get; init; } = DeviceName.Cpu;

    /// <summary>The sizes that define the kernel.</summary>
    public required IReadOnlyDictionary<string, int> Shape { get; init; }

    /// <summary>T.</summary>
    public required int Tokens { get; init; }

    /// <summary>The times of the calls.</summary>
    public required Timing Timing { get; init; }

    /// <summary>Operations per call; null if only bytes matter.</summary>
    public required double? Operations { get; init; }

    /// <summary>Bytes that a call must read and write; for a layer, the weights of the distinct experts.</summary>
    public required double Bytes { get; init; }

    /// <summary>Largest absolute error against the double-precision reference.</summary>
    public required double MaxError { get; init; }

    /// <summary>10⁹ operations per second, from the median.</summary>
    public double? Gflops => Operations / Timing.MedianUs / 1e3;

    /// <summary>10⁹ bytes per second, from the median.</summary>
    public double GigabytesPerSecond => Bytes / Timing.MedianUs / 1e3;
}
