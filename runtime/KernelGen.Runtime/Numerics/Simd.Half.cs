using System.Numerics.Tensors;

namespace KernelGen.Numerics;

/// <content>Half precision.</content>
public static unsafe partial class Simd
{
    /// <inheritdoc cref="Widen(BFloat16*, float*, int)"/>
    public static void Widen(Half* source, float* target, int count) =>
        TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(source, count), new Span<float>(target, count));
}
