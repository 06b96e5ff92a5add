namespace KernelGen.Tool.Tune;

/// <summary>The options of <c>kernelgen tune</c>.</summary>
internal sealed record TuneRequest
{
    /// <summary>A preset, a config.json, or its directory.</summary>
    public required string Model { get; init; }

    public required int TensorParallel { get; init; }

    public required int ExpertParallel { get; init; }

    /// <summary>How weights and inputs are stored, or null for the model's own types.</summary>
    public string? Type { get; init; }

    public bool PerChannel { get; init; }

    public bool FuseSharedExpert { get; init; }

    /// <summary>The device to tune for.</summary>
    public DeviceName Device { get; init; }

    /// <summary>Token counts.</summary>
    public required int[] Tokens { get; init; }

    /// <summary>Directory of the tuning file.</summary>
    public required string Output { get; init; }

    /// <summary>Name or file of the search space, or null for the device's default.</summary>
    public string? Space { get; init; }

    /// <summary>Whether the two GEMMs are tuned separately.</summary>
    public bool Separate { get; init; }

    /// <summary>Whether every combination that can run is measured.</summary>
    public bool Exhaustive { get; init; }

    /// <summary>Recorded expert ids, or null for random ones.</summary>
    public string? RecordedIds { get; init; }

    /// <summary>Exponent of Zipf's law for random ids.</summary>
    public double Skew { get; init; }

    /// <summary>A tuning file whose choices are measured too, or null.</summary>
    public string? Compared { get; init; }

    /// <summary>File for all measurements, or null.</summary>
    public string? Json { get; init; }

    /// <summary>The command that repeats the run.</summary>
    public required string Command { get; init; }
}
