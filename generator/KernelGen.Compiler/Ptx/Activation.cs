namespace KernelGen.Compiler.Ptx;

/// <summary>The activations, each a few instructions on fp32 registers. All but one are of one form: <c>g · f(g) · u</c> with a share f of 0 to 1.</summary>
internal static class Activation
{
    private const float Log2E = 1.44269504f;

    /// <summary>Declares the registers that an activation needs beside its own.</summary>
    public static void Declare(PtxWriter writer, MoeActivation activation)
    {
        if (!UsesNormalShare(activation)) return;
        writer.Declare("f32", "share", "exponential");
        writer.Declare("pred", "isLeft");
    }

    /// <summary>
    /// Writes <paramref name="result"/> = activation(<paramref name="gate"/>, <paramref name="up"/>). The result is another register
    /// than both; they may change. Without an up projection <paramref name="up"/> is null.
    /// </summary>
    public static void Write(PtxWriter writer, GroupedGemmShape shape, string gate, string? up, string result)
    {
        if (shape.Activation == MoeActivation.Relu2)
        {
            writer.Code($"""
                max.NaN.f32 {gate}, {gate}, {Literal(0)};
                mul.rn.f32 {result}, {gate}, {gate};
                """);
            return;
        }

        if (shape.Activation is MoeActivation.SwigluOai or MoeActivation.SwigluClamp)
        {
            var limit = shape.Activation == MoeActivation.SwigluOai ? 7 : shape.ActivationLimit;
            writer.Code($"""
                min.NaN.f32 {gate}, {gate}, {Literal(limit)};
                min.NaN.f32 {up}, {up}, {Literal(limit)};
                max.NaN.f32 {up}, {up}, {Literal(-limit)};
                """);
        }

        if (shape.Activation == MoeActivation.SwigluOai) writer.Code($"add.rn.f32 {up}, {up}, {Literal(1)};");
        if (UsesNormalShare(shape.Activation)) WriteNormalShare(writer, gate, result);
        else WriteSigmoid(writer, shape.Activation, gate, result);
        writer.Code($"mul.rn.f32 {result}, {result}, {gate};");
        if (up is not null) writer.Code($"mul.rn.f32 {result}, {result}, {up};");
    }

    private static bool UsesNormalShare(MoeActivation activation) => activation is MoeActivation.Gelu or MoeActivation.GeluAndMul;

    /// <summary>σ(z) = 1 / (1 + 2^(−z · log2 e)), with a z that is made of g.</summary>
    private static void WriteSigmoid(PtxWriter writer, MoeActivation activation, string gate, string result)
    {
        if (activation == MoeActivation.GeluTanhAndMul)
        {
            // ½ (1 + tanh y) = σ(2y) with y = √(2/π) · (g + 0.044715 g³).
            const float Twice = 2 * 0.797884561f;
            writer.Code($"""
                mul.rn.f32 {result}, {gate}, {gate};
                fma.rn.f32 {result}, {result}, {Literal(-Log2E * Twice * 0.044715f)}, {Literal(-Log2E * Twice)};
                mul.rn.f32 {result}, {result}, {gate};
                """);
        }
        else
        {
            writer.Code($"mul.rn.f32 {result}, {gate}, {Literal(activation == MoeActivation.SwigluOai ? -Log2E * 1.702f : -Log2E)};");
        }

        writer.Code($"""
            ex2.approx.f32 {result}, {result};
            add.rn.f32 {result}, {result}, {Literal(1)};
            rcp.approx.f32 {result}, {result};
            """);
    }

    /// <summary>
    /// Φ(g) = ½ (1 + erf(g / √2)). With y = |g| / √2 and t = 1 / (1 + 0.3275911 y), ½ erfc(y) = ½ e^(−y²) · t · P(t), to 7.5e-8
    /// (Abramowitz and Stegun, 7.1.26): Φ on the left side, 1 − Φ on the right.
    /// </summary>
    private static void WriteNormalShare(PtxWriter writer, string gate, string result)
    {
        const float HalfRoot = 0.707106781f;
        float[] coefficients = [1.061405429f, -1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f];
        writer.Code($"""
            abs.f32 %share, {gate};
            fma.rn.f32 %share, %share, {Literal(0.3275911f * HalfRoot)}, {Literal(1)};
            rcp.approx.f32 %share, %share;
            mul.rn.f32 %exponential, {gate}, {gate};
            mul.rn.f32 %exponential, %exponential, {Literal(-0.5f * Log2E)};
            ex2.approx.f32 %exponential, %exponential;
            mul.rn.f32 %exponential, %exponential, %share;
            mov.f32 {result}, {Literal(0.5f * coefficients[0])};
            """);
        foreach (var coefficient in coefficients.Skip(1)) writer.Code($"fma.rn.f32 {result}, {result}, %share, {Literal(0.5f * coefficient)};");
        writer.Code($"""
            mul.rn.f32 {result}, {result}, %exponential;
            setp.lt.f32 %isLeft, {gate}, {Literal(0)};
            sub.rn.f32 %share, {Literal(1)}, {result};
            selp.f32 {result}, {result}, %share, %isLeft;
            """);
    }

    /// <summary>A number as PTX writes its bits.</summary>
    private static string Literal(float value) => $"0f{BitConverter.ToUInt32(BitConverter.GetBytes(value), 0):X8}";
}
