namespace KernelGen.HuggingFace;

/// <summary>The format in which a kernel reads the weights of experts.</summary>
/// <param name="Type">Weight type.</param>
/// <param name="Quantization">Which weights share a scale.</param>
/// <param name="GroupSize">Number of weights per group, with <see cref="WeightQuantization.Group"/>; otherwise 0.</param>
/// <param name="ZeroPoints">Whether each group has a zero point.</param>
public readonly record struct ExpertFormat(DType Type, WeightQuantization Quantization = WeightQuantization.None, int GroupSize = 0, bool ZeroPoints = false)
{
    internal static ExpertFormat Single { get; } = new(DType.Float32);

    /// <summary>Whether <typeparamref name="T"/> is the type of a weight, or of a pair of 4-bit weights.</summary>
    internal bool Holds<T>()
        where T : unmanaged => Type switch
    {
        DType.Float32 => typeof(T) == typeof(float),
        DType.Float16 => typeof(T) == typeof(Half),
        DType.BFloat16 => typeof(T) == typeof(BFloat16),
        DType.Float8E4M3 => typeof(T) == typeof(Float8E4M3),
        DType.Int8 => typeof(T) == typeof(sbyte),
        DType.Int4 => typeof(T) == typeof(Int4Pair),
        _ => false,
    };
}
