namespace KernelGen.Tuning;

/// <summary>A candidate of a search over experts: the configurations of both GEMMs.</summary>
/// <param name="GateUp">The first GEMM.</param>
/// <param name="Down">The second GEMM: the same unless the two are tuned separately.</param>
public sealed record ExpertsCandidate(TuningPoint GateUp, TuningPoint Down)
{
    /// <summary>The same configuration for both GEMMs.</summary>
    public static ExpertsCandidate Joint(TuningPoint point) => new(point, point);

    /// <inheritdoc/>
    public override string ToString() => GateUp.Equals(Down) ? GateUp.ToString() : $"{GateUp}; down: {Down}";
}
