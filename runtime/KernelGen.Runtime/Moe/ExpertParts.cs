namespace KernelGen.Cpu;

/// <summary>Checks that a layer's weights have exactly the parts that its declaration requires.</summary>
internal static class ExpertParts
{
    /// <summary>Requires that the weights have the parts that the kernel reads, and no others.</summary>
    /// <param name="kernel">Whether the kernel's activation has an up projection, whether it adds biases, whether it quantises inputs with static scales.</param>
    /// <param name="weights">Whether the weights have these parts.</param>
    /// <exception cref="ArgumentException">The parts differ.</exception>
    public static void Require((bool Gated, bool Bias, bool InputScales) kernel, (bool Gated, bool Bias, bool InputScales) weights)
    {
        if (kernel.Gated != weights.Gated)
            throw Unfit(kernel.Gated ? "have no up projections, but the declared activation requires them" : "have up projections, but the declared activation has none");
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
