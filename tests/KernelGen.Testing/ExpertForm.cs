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
    public bool IsGated => Activation is not (MoeActivation.Silu or MoeActivation.Gelu or MoeActivation.Relu2);

    /// <summary>The activation of a gate sum and, where there is one, an up sum.</summary>
    public double Activate(double gate, double up) => Activation switch
    {
        MoeActivation.SiluAndMul => Silu(gate) * up,
        MoeActivation.GeluAndMul => Gelu(gate) * up,
        MoeActivation.GeluTanhAndMul => 0.5 * gate * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (gate + (0.044715 * gate * gate * gate)))) * up,
        MoeActivation.SwigluOai => Math.Min(gate, 7) * Sigmoid(1.702 * Math.Min(gate, 7)) * (Math.Clamp(up, -7, 7) + 1),
        MoeActivation.SwigluClamp => Silu(Math.Min(gate, ActivationLimit)) * Math.Clamp(up, -ActivationLimit, ActivationLimit),
        MoeActivation.Silu => Silu(gate),
        MoeActivation.Gelu => Gelu(gate),
        MoeActivation.Relu2 => Math.Pow(Math.Max(gate, 0), 2),
        _ => throw new ArgumentOutOfRangeException(nameof(gate), Activation, "no such activation"),
    };

    /// <summary>The error function: its Maclaurin series, or the continued fraction of its complement where that converges fast.</summary>
    public static double Erf(double x)
    {
        var magnitude = Math.Abs(x);
        if (magnitude > 2.5)
        {
            var fraction = magnitude;
            for (var n = 120; n >= 1; n--) fraction = magnitude + (n / 2.0 / fraction);
            return Math.Sign(x) * (1 - (Math.Exp(-magnitude * magnitude) / (fraction * Math.Sqrt(Math.PI))));
        }

        double term = x, sum = x;
        for (var n = 1; n < 80; n++)
        {
            term *= -x * x / n;
            sum += term / ((2 * n) + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double Silu(double x) => x * Sigmoid(x);

    private static double Gelu(double x) => 0.5 * x * (1 + Erf(x / Math.Sqrt(2)));
}
