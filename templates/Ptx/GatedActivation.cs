namespace KernelGen.Compiler.Ptx;

/// <summary>
/// The gated activations, each a few instructions on fp32 registers. All are of one form: <c>g · σ(z) · u</c> with a z that is made
/// of g.
/// </summary>
internal static class GatedActivation
{
    private const float Log2E = 1.44269504f;

    /// <summary>Whether there is code for an activation.</summary>
    public static bool Has(MoeActivation activation) =>
        activation is MoeActivation.SiluAndMul or MoeActivation.GeluTanhAndMul or MoeActivation.SwigluOai or MoeActivation.SwigluClamp;

    /// <summary>
    /// Writes <paramref name="result"/> = activation(<paramref name="gate"/>, <paramref name="up"/>). The result is another register
    /// than both; they may change.
    /// </summary>
    public static void Write(PtxWriter writer, GroupedGemmShape shape, string gate, string up, string result)
    {
        switch (shape.Activation)
        {
            case MoeActivation.SiluAndMul:
                writer.Code($"mul.rn.f32 {result}, {gate}, {Literal(-Log2E)};");
                break;

            // ½ (1 + tanh y) = σ(2y) with y = √(2/π) · (g + 0.044715 g³).
            case MoeActivation.GeluTanhAndMul:
                const float Twice = 2 * 0.797884561f;
                writer.Code($"""
                    mul.rn.f32 {result}, {gate}, {gate};
                    fma.rn.f32 {result}, {result}, {Literal(-Log2E * Twice * 0.044715f)}, {Literal(-Log2E * Twice)};
                    mul.rn.f32 {result}, {result}, {gate};
                    """);
                break;

            case MoeActivation.SwigluOai:
                WriteClamps(writer, 7, gate, up);
                writer.Code($"""
                    add.rn.f32 {up}, {up}, {Literal(1)};
                    mul.rn.f32 {result}, {gate}, {Literal(-Log2E * 1.702f)};
                    """);
                break;

            case MoeActivation.SwigluClamp:
                WriteClamps(writer, shape.ActivationLimit, gate, up);
                writer.Code($"mul.rn.f32 {result}, {gate}, {Literal(-Log2E)};");
                break;

            default:
                throw new ArgumentException($"there is no PTX for {shape.Activation}", nameof(shape));
        }

        // σ(z) = 1 / (1 + 2^(−z · log2 e)).
        writer.Code($"""
            ex2.approx.f32 {result}, {result};
            add.rn.f32 {result}, {result}, {Literal(1)};
            rcp.approx.f32 {result}, {result};
            mul.rn.f32 {result}, {result}, {gate};
            mul.rn.f32 {result}, {result}, {up};
            """);
    }

    private static void WriteClamps(PtxWriter writer, float limit, string gate, string up) => writer.Code($"""
        min.NaN.f32 {gate}, {gate}, {Literal(limit)};
        min.NaN.f32 {up}, {up}, {Literal(limit)};
        max.NaN.f32 {up}, {up}, {Literal(-limit)};
        """);

    /// <summary>A number as PTX writes its bits.</summary>
    private static string Literal(float value) => $"0f{BitConverter.ToUInt32(BitConverter.GetBytes(value), 0):X8}";
}
