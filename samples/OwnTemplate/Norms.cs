using KernelGen;

namespace OwnTemplate;

/// <summary>The template for tokens of 160 elements, with five accumulators.</summary>
[SpecializedFrom(typeof(RmsNorm))]
internal static unsafe partial class RmsNorm160
{
    [Specialize] private const int HiddenSize = 160;
    [Specialize] private const int Sums = 5;
}

/// <summary>The template for tokens of 4096 elements, with 512-bit vectors (AVX-512).</summary>
[SpecializedFrom(typeof(RmsNorm), VectorBits = 512)]
internal static unsafe partial class RmsNorm4096
{
    [Specialize] private const int HiddenSize = 4096;
    [Specialize] private const int Sums = 4;
}
