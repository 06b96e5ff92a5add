using KernelGen.Benchmarking;

namespace KernelGen.Testing;

/// <summary>What experts compute beside their two products, in double precision, straight from the definitions.</summary>
/// <param name="Activation">Between the products.</param>
/// <param name="ActivationLimit">Of an activation that has one.</param>
/// <param name="RouterWeightOnInput">Whether the router weight multiplies the input and not the output.</param>
/// <param name="GateUpBias">[E, 2I], or [E, I] where the activation has no up projection; null for none.</param>
/// <param name="DownBias">[E, H]; null for none.</param>
public sealed record ExpertForm(
    MoeActivation Activation = MoeActivation.SiluAndMul, float ActivationLimit = 0, bool RouterWeightOnInput = false, float[]? GateUpBias = null, float[]? DownBias = null)
{
    /// <summary>Whether there is an up projection.</summary>
    public bool IsGated => Reference.IsGated;

    /// <summary>The activation of a gate sum and, where there is one, an up sum.</summary>
    public double Activate(double gate, double up) => Reference.Of(gate, up);

    /// <inheritdoc cref="ReferenceActivation.ErrorOf"/>
    public double ActivationError(double gate, double up, double gateError, double upError) => Reference.ErrorOf(gate, up, gateError, upError);

    private ReferenceActivation Reference => new(Activation, ActivationLimit);
}
