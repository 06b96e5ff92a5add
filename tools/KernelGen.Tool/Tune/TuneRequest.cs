namespace KernelGen.Tool.Tune;

/// <summary>What <c>kernelgen tune</c> was asked for.</summary>
internal sealed record TuneRequest
{
    /// <summary>A preset's name, a config.json, or the directory that holds one.</summary>
    public required string Model { get; init; }

    public required int TensorParallel { get; init; }

    public required int ExpertParallel { get; init; }

    /// <summary>How weights and inputs are stored, or null for what the model says.</summary>
    public string? Type { get; init; }

    public bool PerChannel { get; init; }

    public bool FuseSharedExpert { get; init; }

    /// <summary>What to tune for.</summary>
    public DeviceName Device { get; init; }

    /// <summary>Numbers of tokens.</summary>
    public required int[] Tokens { get; init; }

    /// <summary>Directory of the tuned file.</summary>
    public required string Output { get; init; }

    /// <summary>Name or file of the search space, or null for the device's own.</summary>
    public string? Space { get; init; }

    /// <summary>Whether both products are tuned apart.</summary>
    public bool Separate { get; init; }

    /// <summary>Whether all that can run is measured.</summary>
    public bool Exhaustive { get; init; }

    /// <summary>Recorded expert ids, or null for random ones.</summary>
    public string? RecordedIds { get; init; }

    /// <summary>Exponent of Zipf's law for random ids.</summary>
    public double Skew { get; init; }

    /// <summary>Tuned file whose choices are measured, too, or null.</summary>
    public string? Compared { get; init; }

    /// <summary>File for all that was measured, or null.</summary>
    public string? Json { get; init; }

    /// <summary>What repeats the run.</summary>
    public required string Command { get; init; }
}
