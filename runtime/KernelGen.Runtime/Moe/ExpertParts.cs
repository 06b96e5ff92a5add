namespace KernelGen.Cpu;

/// <summary>Whether a layer's weights have the parts that its declaration says, and no others.</summary>
internal static class ExpertParts
{
    /// <summary>Requires that the weights have what the kernel reads.</summary>
    /// <param name="kernel">Whether the kernel's activation has an up projection, whether it adds biases, whether it rounds with scales that are known beforehand.</param>
    /// <param name="weights">Whether the weights have such.</param>
    /// <exception cref="ArgumentException">They differ.</exception>
    public static void Require((bool Gated, bool Bias, bool InputScales) kernel, (bool Gated, bool Bias, bool InputScales) weights)
    {
        if (kernel.Gated != weights.Gated)
            throw Unfit(kernel.Gated ? "have no up projections, which the declared activation multiplies with" : "have up projections, but the declared activation has none");
        if (kernel.Bias != weights.Bias)
            throw Unfit(kernel.Bias ? "have no biases, but the declaration says Bias = true" : "have biases; declare the experts with Bias = true");
        if (kernel.InputScales != weights.InputScales)
        {
            throw Unfit(kernel.InputScales
                ? "have no input scales, but the declaration says ActivationQuantization = StaticTensor"
                : "have input scales; declare the experts with ActivationQuantization = StaticTensor");
        }
    }

    private static ArgumentException Unfit(string problem) => new($"expertWeights {problem}", "expertWeights");
}
