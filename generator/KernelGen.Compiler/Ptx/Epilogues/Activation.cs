namespace KernelGen.Compiler.Ptx;

/// <summary>The activations, each a few instructions on fp32 registers. All but one have the form <c>g · f(g) · u</c> with a factor f from 0 to 1.</summary>
internal sealed class Activation
{
    private const float Log2E = 1.44269504f;

    private readonly PtxWriter _writer;
    private readonly GroupedGemmShape _shape;
    private readonly F32 _share;
    private readonly F32 _exponential;
    private readonly Pred _isLeft;

    /// <summary>Declares the activation's additional registers.</summary>
    public Activation(PtxWriter writer, GroupedGemmShape shape)
    {
        (_writer, _shape) = (writer, shape);
        if (UsesNormalShare) (_share, _exponential, _isLeft) = (writer.F32("share"), writer.F32("exponential"), writer.Pred("isLeft"));
    }

    private bool UsesNormalShare => _shape.Activation is MoeActivation.Gelu or MoeActivation.GeluAndMul;

    /// <summary>
    /// Writes <paramref name="result"/> = activation(<paramref name="gate"/>, <paramref name="up"/>). The result is a different register
    /// from both, which may change. Without an up projection <paramref name="up"/> is null.
    /// </summary>
    public void Write(F32 gate, F32? up, F32 result)
    {
        if (_shape.Activation == MoeActivation.Relu2)
        {
            _writer.Code($"""
                max.NaN.f32 {gate}, {gate}, {Literal(0)};
                mul.rn.f32 {result}, {gate}, {gate};
                """);
            return;
        }

        if (_shape.Activation is MoeActivation.SwigluOai or MoeActivation.SwigluClamp)
        {
            var limit = _shape.Activation == MoeActivation.SwigluOai ? 7 : _shape.ActivationLimit;
            _writer.Code($"""
                min.NaN.f32 {gate}, {gate}, {Literal(limit)};
                min.NaN.f32 {up}, {up}, {Literal(limit)};
                max.NaN.f32 {up}, {up}, {Literal(-limit)};
                """);
        }

        if (_shape.Activation == MoeActivation.SwigluOai) _writer.Code($"add.rn.f32 {up}, {up}, {Literal(1)};");
        if (UsesNormalShare) WriteNormalShare(gate, result);
        else WriteSigmoid(gate, result);
        _writer.Code($"mul.rn.f32 {result}, {result}, {gate};");
        if (up is not null) _writer.Code($"mul.rn.f32 {result}, {result}, {up};");
    }

    /// <summary>σ(z) = 1 / (1 + 2^(−z · log2 e)), with a z that is made of g.</summary>
    private void WriteSigmoid(F32 gate, F32 result)
    {
        if (_shape.Activation == MoeActivation.GeluTanhAndMul)
        {
            // ½ (1 + tanh y) = σ(2y) with y = √(2/π) · (g + 0.044715 g³).
            const float Twice = 2 * 0.797884561f;
            _writer.Code($"""
                mul.rn.f32 {result}, {gate}, {gate};
                fma.rn.f32 {result}, {result}, {Literal(-Log2E * Twice * 0.044715f)}, {Literal(-Log2E * Twice)};
                mul.rn.f32 {result}, {result}, {gate};
                """);
        }
        else
        {
            _writer.Code($"mul.rn.f32 {result}, {gate}, {Literal(_shape.Activation == MoeActivation.SwigluOai ? -Log2E * 1.702f : -Log2E)};");
        }

        _writer.Code($"""
            ex2.approx.f32 {result}, {result};
            add.rn.f32 {result}, {result}, {Literal(1)};
            rcp.approx.f32 {result}, {result};
            """);
    }

    /// <summary>
    /// Φ(g) = ½ (1 + erf(g / √2)). With y = |g| / √2 and t = 1 / (1 + 0.3275911 y), ½ erfc(y) = ½ e^(−y²) · t · P(t), to 7.5e-8
    /// (Abramowitz and Stegun, 7.1.26): Φ on the left side, 1 − Φ on the right.
    /// </summary>
    private void WriteNormalShare(F32 gate, F32 result)
    {
        const float HalfRoot = 0.707106781f;
        float[] coefficients = [1.061405429f, -1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f];
        _writer.Code($"""
            abs.f32 {_share}, {gate};
            fma.rn.f32 {_share}, {_share}, {Literal(0.3275911f * HalfRoot)}, {Literal(1)};
            rcp.approx.f32 {_share}, {_share};
            mul.rn.f32 {_exponential}, {gate}, {gate};
            mul.rn.f32 {_exponential}, {_exponential}, {Literal(-0.5f * Log2E)};
            ex2.approx.f32 {_exponential}, {_exponential};
            mul.rn.f32 {_exponential}, {_exponential}, {_share};
            mov.f32 {result}, {Literal(0.5f * coefficients[0])};
            """);
        foreach (var coefficient in coefficients.Skip(1)) _writer.Code($"fma.rn.f32 {result}, {result}, {_share}, {Literal(0.5f * coefficient)};");
        _writer.Code($"""
            mul.rn.f32 {result}, {result}, {_exponential};
            setp.lt.f32 {_isLeft}, {gate}, {Literal(0)};
            sub.rn.f32 {_share}, {Literal(1)}, {result};
            selp.f32 {result}, {result}, {_share}, {_isLeft};
            """);
    }

    /// <summary>A number as PTX writes its bits.</summary>
    private static string Literal(float value) => $"0f{BitConverter.ToUInt32(BitConverter.GetBytes(value), 0):X8}";
}
