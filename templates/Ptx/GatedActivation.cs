namespace KernelGen.Compiler.Ptx;

/// <summary>The gated activations, each a few instructions on fp32 registers.</summary>
internal static class GatedActivation
{
    private const string MinusLog2E = "0fBFB8AA3B";

    /// <summary>Whether there is code for an activation.</summary>
    public static bool Has(MoeActivation activation) => activation == MoeActivation.SiluAndMul;

    /// <summary>Writes <paramref name="result"/> = activation(<paramref name="gate"/>) · <paramref name="up"/>; the result may not be an input.</summary>
    public static void Write(PtxWriter writer, GroupedGemmShape shape, string gate, string up, string result)
    {
        if (!Has(shape.Activation)) throw new ArgumentException($"there is no PTX for {shape.Activation}", nameof(shape));

        // g · σ(g) · u with σ(g) = 1 / (1 + 2^(−g · log2 e)).
        writer.Code($"""
            mul.rn.f32 {result}, {gate}, {MinusLog2E};
            ex2.approx.f32 {result}, {result};
            add.rn.f32 {result}, {result}, 0f3F800000;
            rcp.approx.f32 {result}, {result};
            mul.rn.f32 {result}, {result}, {gate};
            mul.rn.f32 {result}, {result}, {up};
            """);
    }
}
