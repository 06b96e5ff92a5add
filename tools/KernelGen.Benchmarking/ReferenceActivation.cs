namespace KernelGen.Benchmarking;

/// <summary>Activations in double precision.</summary>
/// <param name="Activation">Which one.</param>
/// <param name="Limit">Its limit, if it has one.</param>
internal readonly record struct ReferenceActivation(MoeActivation Activation, float Limit)
{
    /// <summary>Whether there is an up projection.</summary>
    public bool IsGated => Activation is not (MoeActivation.Silu or MoeActivation.Gelu or MoeActivation.Relu2);

    /// <summary>The activation of a gate sum and, where there is one, an up sum.</summary>
    public double Of(double gate, double up) => Activation switch
    {
        MoeActivation.SiluAndMul => Silu(gate, 1) * up,
        MoeActivation.GeluAndMul => Gelu(gate) * up,
        MoeActivation.GeluTanhAndMul => Silu(gate, 2 * Math.Sqrt(2 / Math.PI) * (1 + (0.044715 * gate * gate))) * up,
        MoeActivation.SwigluOai => Silu(Math.Min(gate, 7), 1.702) * (Math.Clamp(up, -7, 7) + 1),
        MoeActivation.SwigluClamp => Silu(Math.Min(gate, Limit), 1) * Math.Clamp(up, -Limit, Limit),
        MoeActivation.Silu => Silu(gate, 1),
        MoeActivation.Gelu => Gelu(gate),
        MoeActivation.Relu2 => gate > 0 ? gate * gate : 0,
        _ => throw new NotSupportedException($"there is no reference for {Activation}"),
    };

    private static double Silu(double x, double slope) => x / (1 + Math.Exp(-slope * x));

    // ½ x (1 + erf z) with z = x / √2 and erf z = 2/√π · e^(−z²) · Σ 2ⁿ z^(2n+1) / (1 · 3 · … · (2n+1)), a series without alternating signs.
    private static double Gelu(double x)
    {
        if (Math.Abs(x) > 9) return Math.Max(x, 0);
        var z = x / Math.Sqrt(2);
        double term = z, sum = z;
        for (var n = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
        {
            term *= 2 * z * z / ((2 * n) + 1);
            sum += term;
        }

        return 0.5 * x * (1 + (2 / Math.Sqrt(Math.PI) * Math.Exp(-z * z) * sum));
    }
}
