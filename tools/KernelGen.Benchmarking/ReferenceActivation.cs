namespace KernelGen.Benchmarking;

/// <summary>The activations in double precision, straight from their definitions.</summary>
/// <param name="Activation">The activation.</param>
/// <param name="Limit">Its limit, if it has one.</param>
public readonly record struct ReferenceActivation(MoeActivation Activation, float Limit)
{
    private static readonly (int Gate, int Up)[] Corners = [(-1, -1), (-1, 1), (1, -1), (1, 1)];

    /// <summary>Whether there is an up projection.</summary>
    public bool IsGated => Activation is not (MoeActivation.Silu or MoeActivation.Gelu or MoeActivation.Relu2);

    /// <summary>The activation of a gate sum and, if there is an up projection, an up sum.</summary>
    public double Of(double gate, double up) => Activation switch
    {
        MoeActivation.SiluAndMul => Silu(gate) * up,
        MoeActivation.GeluAndMul => Gelu(gate) * up,
        MoeActivation.GeluTanhAndMul => 0.5 * gate * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (gate + (0.044715 * gate * gate * gate)))) * up,
        MoeActivation.SwigluOai => Math.Min(gate, 7) * Sigmoid(1.702 * Math.Min(gate, 7)) * (Math.Clamp(up, -7, 7) + 1),
        MoeActivation.SwigluClamp => Silu(Math.Min(gate, Limit)) * Math.Clamp(up, -Limit, Limit),
        MoeActivation.Silu => Silu(gate),
        MoeActivation.Gelu => Gelu(gate),
        MoeActivation.Relu2 => Math.Pow(Math.Max(gate, 0), 2),
        _ => throw new NotSupportedException($"there is no reference for {Activation}"),
    };

    /// <summary>The maximum error caused by the given errors of the arguments: the largest difference at the corners of their intervals.</summary>
    public double ErrorOf(double gate, double up, double gateError, double upError)
    {
        var (exact, largest) = (Of(gate, up), 0.0);
        foreach (var (gateSide, upSide) in Corners) largest = Math.Max(largest, Math.Abs(Of(gate + (gateSide * gateError), up + (upSide * upError)) - exact));
        return largest;
    }

    /// <summary>The error function: its Maclaurin series, or the continued fraction of its complement where that converges quickly.</summary>
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
