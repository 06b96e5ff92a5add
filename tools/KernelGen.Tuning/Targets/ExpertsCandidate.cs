namespace KernelGen.Tuning;

/// <summary>What a search over the experts of a layer tries: the numbers for both products.</summary>
/// <param name="GateUp">The first product.</param>
/// <param name="Down">The second product: the same unless both are tuned apart.</param>
public sealed record ExpertsCandidate(TuningPoint GateUp, TuningPoint Down)
{
    /// <summary>Both products alike.</summary>
    public static ExpertsCandidate Joint(TuningPoint point) => new(point, point);

    /// <inheritdoc/>
    public override string ToString() => GateUp.Equals(Down) ? GateUp.ToString() : $"{GateUp}; down: {Down}";
}
