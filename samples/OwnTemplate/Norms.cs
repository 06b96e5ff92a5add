using KernelGen;

namespace OwnTemplate;

/// <summary>The template for tokens of 160 numbers, in five sums.</summary>
[SpecializedFrom(typeof(RmsNorm))]
internal static unsafe partial class RmsNorm160
{
    [Specialize] private const int HiddenSize = 160;
    [Specialize] private const int Sums = 5;
}

/// <summary>The template for tokens of 4096 numbers, in the vectors of a processor with AVX-512.</summary>
[SpecializedFrom(typeof(RmsNorm), VectorBits = 512)]
internal static unsafe partial class RmsNorm4096
{
    [Specialize] private const int HiddenSize = 4096;
    [Specialize] private const int Sums = 4;
}
