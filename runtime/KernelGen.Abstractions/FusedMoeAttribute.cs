namespace KernelGen;

/// <summary>
/// Declares the experts of a Mixture-of-Experts layer: hidden states [tokens, H] through the chosen experts' gated MLPs.
/// The generator adds <c>Forward</c> and <c>Select</c> to the class that carries the attribute.
/// </summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class FusedMoeAttribute : Attribute
{
    /// <summary>Number of experts E, 1 to 4096.</summary>
    public int Experts { get; set; }

    /// <summary>Experts of each token, k: 1 to min(E, 64).</summary>
    public int TopK { get; set; }

    /// <summary>Width H of the hidden states, 1 to 65,536.</summary>
    public int HiddenSize { get; set; }

    /// <summary>Width I of one expert's intermediate states, 1 to 65,536.</summary>
    public int IntermediateSize { get; set; }

    /// <summary>What an expert does between its two matrix products.</summary>
    public MoeActivation Activation { get; set; }

    /// <summary>
    /// The limit L of <see cref="MoeActivation.SwigluClamp"/>: finite and above 0 there, left out with every other activation.
    /// </summary>
    public float ActivationLimit { get; set; }

    /// <summary>
    /// Whether the experts have biases: those of the first product are added before the activation, that of the second before
    /// the router weight. The weights then come with an <c>ExpertBiases</c>.
    /// </summary>
    public bool Bias { get; set; }

    /// <summary>
    /// Whether the router weight multiplies an expert's input (Llama 4) and not its output. The experts' biases are not multiplied.
    /// </summary>
    public bool RouterWeightOnInput { get; set; }

    /// <summary>Type of the experts' weights. Hidden states, sums and output are single precision.</summary>
    public DType WeightType { get; set; }

    /// <summary>
    /// Which weights share a scale: <see cref="WeightQuantization.Tensor"/>, <see cref="WeightQuantization.Channel"/> or
    /// <see cref="WeightQuantization.Block128"/> for 8-bit floats, <see cref="WeightQuantization.Channel"/> or
    /// <see cref="WeightQuantization.Group"/> for 8-bit integers, <see cref="WeightQuantization.Group"/> for 4-bit ones, none for other types.
    /// </summary>
    public WeightQuantization Quantization { get; set; }

    /// <summary>Neighbours of a row that share a scale, with <see cref="WeightQuantization.Group"/>: a multiple of 32.</summary>
    public int GroupSize { get; set; }

    /// <summary>Whether each group has a zero point. Without, that of 4-bit integers is 8 and that of 8-bit ones 0.</summary>
    public bool ZeroPoints { get; set; }

    /// <summary>
    /// How hidden and intermediate states are rounded to the type of the weights: <see cref="ActivationQuantization.StaticTensor"/> or
    /// <see cref="ActivationQuantization.DynamicTensor"/> with 8-bit floats of one scale a matrix, <see cref="ActivationQuantization.DynamicToken"/>
    /// with 8-bit floats or integers of one scale a row, <see cref="ActivationQuantization.DynamicGroup128"/> with <see cref="WeightQuantization.Block128"/>.
    /// </summary>
    public ActivationQuantization ActivationQuantization { get; set; }

    /// <summary>
    /// The numbers of slices of the reduction to emit a variant for, each 1 to 64. More than one slice lets few tokens
    /// occupy all processors; the partial sums are added in a fixed order, so the bits do not depend on the schedule.
    /// </summary>
    public int[] SplitK { get; set; } = [1];

    /// <summary>
    /// False emits the template with its constants filled in and nothing else: slow, close to the template's text, for
    /// debugging and for measuring what specialisation brings.
    /// </summary>
    public bool Specialize { get; set; } = true;
}
