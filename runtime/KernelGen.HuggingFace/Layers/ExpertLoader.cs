namespace KernelGen.HuggingFace;

/// <summary>Loads experts of a checkpoint in one format: in place if the file has it, otherwise converted or quantised once.</summary>
/// <typeparam name="T">Type of a weight, or of a pair of 4-bit weights.</typeparam>
internal sealed class ExpertLoader<T>(ExpertFormat format, LoadProgress progress)
    where T : unmanaged
{
    /// <summary>Largest difference between a weight of the checkpoint and its quantised value; 0 without quantisation.</summary>
    public float LargestError { get; private set; }

    /// <summary>Loads experts of the same shapes and types.</summary>
    public ExpertWeights<T> Load(IReadOnlyList<MlpTensors> experts, int hiddenSize, int intermediateSize, ExpertBiases? biases)
    {
        if (experts[0].Gate.Format == format && experts.All(IsInPlace)) return InPlace(experts, hiddenSize, intermediateSize, biases);
        return format.Quantization == WeightQuantization.None
            ? ConvertedExperts<T>.Load(experts, hiddenSize, intermediateSize, biases, progress)
            : Quantize(experts, hiddenSize, intermediateSize, biases);
    }

    private static bool IsInPlace(MlpTensors mlp) => mlp.Gate.IsInPlace && mlp.Up.IsInPlace && mlp.Down.IsInPlace;

    private ExpertWeights<T> InPlace(IReadOnlyList<MlpTensors> experts, int hiddenSize, int intermediateSize, ExpertBiases? biases) => ExpertWeights<T>.FromPointers(
        hiddenSize,
        intermediateSize,
        [.. experts.Select(mlp => mlp.Gate.Address)],
        [.. experts.Select(mlp => mlp.Up.Address)],
        [.. experts.Select(mlp => mlp.Down.Address)],
        biases: biases,
        scales: StoredScales.Copy(experts, format, progress));

    private ExpertWeights<T> Quantize(IReadOnlyList<MlpTensors> experts, int hiddenSize, int intermediateSize, ExpertBiases? biases)
    {
        using var quantizer = new ExpertQuantizer<T>(experts.Count, hiddenSize, intermediateSize, format.Quantization, format.GroupSize);
        var errors = new float[experts.Count];
        progress.ForEach(experts.Count, expert =>
        {
            var mlp = experts[expert];
            errors[expert] = quantizer.Add(expert, ReadFinite(mlp.Gate), ReadFinite(mlp.Up), ReadFinite(mlp.Down));
        });
        LargestError = errors.Max();
        return quantizer.Build(biases);
    }

    private float[] ReadFinite(ExpertMatrix matrix)
    {
        progress.Cancellation.ThrowIfCancellationRequested();
        var values = matrix.ReadSingles();
        var bad = Array.FindIndex(values, value => !float.IsFinite(value));
        if (bad < 0) return values;
        throw matrix.Tensor.Unusable(FormattableString.Invariant(
            $"has the weight {values[bad]} in row {bad / matrix.Columns}, column {bad % matrix.Columns} of an expert; only finite weights can be quantised"));
    }
}
