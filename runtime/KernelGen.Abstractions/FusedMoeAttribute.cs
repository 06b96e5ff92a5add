namespace KernelGen;

/// <summary>
/// Declares the experts of a Mixture-of-Experts layer: each token's hidden state [H] passes through the gated MLPs of its top-k experts.
/// The generator adds <c>Forward</c> and <c>Select</c> to the class that carries the attribute.
/// </summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class FusedMoeAttribute : Attribute
{
    /// <summary>Number of experts E, 1 to 4096.</summary>
    public int Experts { get; set; }

    /// <summary>Number of experts per token, k: 1 to min(E, 64).</summary>
    public int TopK { get; set; }

    /// <summary>Hidden size H, 1 to 65,536.</summary>
    public int HiddenSize { get; set; }

    /// <summary>Intermediate size I of an expert, 1 to 65,536.</summary>
    public int IntermediateSize { get; set; }

    /// <summary>The activation between an expert's two GEMMs.</summary>
    public MoeActivation Activation { get; set; }

    /// <summary>
    /// The limit L of <see cref="MoeActivation.SwigluClamp"/>: finite and greater than 0 there; must be omitted with every other activation.
    /// </summary>
    public float ActivationLimit { get; set; }

    /// <summary>
    /// Whether the experts have biases. Those of the first GEMM are added before the activation, those of the second before
    /// the router weight. The weights then include an <c>ExpertBiases</c>.
    /// </summary>
    public bool Bias { get; set; }

    /// <summary>
    /// Whether the router weight multiplies an expert's input (Llama 4) instead of its output. Biases are not multiplied.
    /// </summary>
    public bool RouterWeightOnInput { get; set; }

    /// <summary>Number type of the experts' weights. Hidden states, accumulators and outputs are fp32.</summary>
    public DType WeightType { get; set; }

    /// <summary>
    /// Which weights share a scale. 8-bit floats: <see cref="WeightQuantization.Tensor"/>, <see cref="WeightQuantization.Channel"/> or
    /// <see cref="WeightQuantization.Block128"/>. 8-bit integers: <see cref="WeightQuantization.Channel"/> or
    /// <see cref="WeightQuantization.Group"/>. 4-bit integers: <see cref="WeightQuantization.Group"/>. Other types: <see cref="WeightQuantization.None"/>.
    /// </summary>
    public WeightQuantization Quantization { get; set; }

    /// <summary>Number of consecutive weights of a row that share a scale, with <see cref="WeightQuantization.Group"/>: a multiple of 32.</summary>
    public int GroupSize { get; set; }

    /// <summary>Whether each group has a zero point. Otherwise the zero point is 8 for 4-bit integers and 0 for 8-bit integers.</summary>
    public bool ZeroPoints { get; set; }

    /// <summary>
    /// How hidden and intermediate states are quantised to the weight type: <see cref="ActivationQuantization.StaticTensor"/> or
    /// <see cref="ActivationQuantization.DynamicTensor"/> with 8-bit floats with one scale per tensor, <see cref="ActivationQuantization.DynamicToken"/>
    /// with 8-bit floats or integers with one scale per row, <see cref="ActivationQuantization.DynamicGroup128"/> with <see cref="WeightQuantization.Block128"/>.
    /// </summary>
    public ActivationQuantization ActivationQuantization { get; set; }

    /// <summary>
    /// The Split-K slice counts to emit a variant for, each 1 to 64. Several slices let a call with few tokens use
    /// all cores. Partial sums are added in a fixed order, so results do not depend on scheduling.
    /// </summary>
    public int[] SplitK { get; set; } = [1];

    /// <summary>
    /// False emits the kernel template with its constants filled in and nothing else: slow, but close to the template's source, for
    /// debugging and for measuring the effect of specialisation.
    /// </summary>
    public bool Specialize { get; set; } = true;
}
