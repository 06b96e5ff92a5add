namespace KernelGen.Cpu;

/// <summary>The addresses of all experts' projections, independent of their number type.</summary>
internal readonly unsafe struct ExpertPointers
{
    /// <summary>Keeps the addresses valid while it is reachable.</summary>
    public required object Owner { get; init; }

    public required int Experts { get; init; }

    public required int HiddenSize { get; init; }

    public required int IntermediateSize { get; init; }

    public required void** Gate { get; init; }

    public required void** Up { get; init; }

    public required void** Down { get; init; }

    /// <summary>The scales of quantised weights; null otherwise.</summary>
    public required ExpertScales? Scales { get; init; }

    public required ProjectionScales GateScales { get; init; }

    public required ProjectionScales UpScales { get; init; }

    public required ProjectionScales DownScales { get; init; }

    /// <summary>Whether there are up projections.</summary>
    public required bool Gated { get; init; }

    /// <summary>The biases, or null.</summary>
    public required ExpertBiases? Biases { get; init; }
}
