using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace KernelGen.Benchmarking;

/// <summary>Converts logits between their type and fp32.</summary>
/// <typeparam name="TLogit">Type of a logit: <see cref="float"/>, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
public static class LogitNumbers<TLogit>
    where TLogit : unmanaged
{
    /// <summary>Rounds to the type; fp32 logits are returned unchanged.</summary>
    public static TLogit[] Narrow(float[] values)
    {
        if (typeof(TLogit) == typeof(float)) return (TLogit[])(object)values;
        if (typeof(TLogit) == typeof(Half)) return (TLogit[])(object)Array.ConvertAll(values, value => (Half)value);
        return (TLogit[])(object)Array.ConvertAll(values, value => (BFloat16)value);
    }

    /// <summary>Widens exactly.</summary>
    public static void Widen(ReadOnlySpan<TLogit> source, Span<float> target)
    {
        if (typeof(TLogit) == typeof(float)) MemoryMarshal.Cast<TLogit, float>(source).CopyTo(target);
        else if (typeof(TLogit) == typeof(Half)) TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<TLogit, Half>(source), target);
        else
        {
            var numbers = MemoryMarshal.Cast<TLogit, BFloat16>(source);
            for (var i = 0; i < numbers.Length; i++) target[i] = numbers[i];
        }
    }
}
