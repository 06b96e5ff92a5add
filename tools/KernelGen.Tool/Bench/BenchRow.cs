using KernelGen.Benchmarking;

namespace KernelGen.Tool;

/// <summary>One kernel with one number of tokens.</summary>
internal sealed record BenchRow
{
    /// <summary>Canonical name of the variant; a baseline's own name.</summary>
    public required string Variant { get; init; }

    /// <summary>Which form of the computation it is, in a word or two.</summary>
    public required string Form { get; init; }

    /// <summary>Where it ran.</summary>
    public DeviceName Device { get; init; } = DeviceName.Cpu;

    /// <summary>The numbers that define the kernel.</summary>
    public required IReadOnlyDictionary<string, int> Shape { get; init; }

    /// <summary>T.</summary>
    public required int Tokens { get; init; }

    /// <summary>The times of the calls.</summary>
    public required Timing Timing { get; init; }

    /// <summary>Operations of a call; null where bytes alone limit.</summary>
    public required double? Operations { get; init; }

    /// <summary>Bytes that a call must read and write: of a layer, the weights of the distinct experts.</summary>
    public required double Bytes { get; init; }

    /// <summary>Largest absolute error against the double-precision reference.</summary>
    public required double MaxError { get; init; }

    /// <summary>10⁹ operations a second, in the median.</summary>
    public double? Gflops => Operations / Timing.MedianUs / 1e3;

    /// <summary>10⁹ bytes a second, in the median.</summary>
    public double GigabytesPerSecond => Bytes / Timing.MedianUs / 1e3;
}
