using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KernelGen.Numerics;

/// <content>Converts fp16 and 8-bit floats to fp32, exactly, including subnormals and NaN.</content>
public static unsafe partial class Simd
{
    // An fp16 exponent and mantissa, shifted to the position in an fp32 number, lack the difference of the exponent biases.
    private const int HalfRebias = (127 - 15) << 23;
    private const int HalfInfinity = 31 << 23;

    // An 8-bit float, shifted to the position in an fp32 number, lacks a factor of 2^(127 − 7).
    private const float Float8Unit = 1.329227995784916e36f;
    private const int Float8Magnitude = 0x7F << 20;

    /// <inheritdoc cref="Load{TVector}(float*)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TVector>(Half* source)
        where TVector : struct
    {
        if (typeof(TVector) == typeof(Vector512<float>)) return Unsafe.BitCast<Vector512<float>, TVector>(Half512((ushort*)source));
        if (typeof(TVector) == typeof(Vector256<float>)) return Unsafe.BitCast<Vector256<float>, TVector>(Half256((ushort*)source));
        if (typeof(TVector) == typeof(Vector128<float>)) return Unsafe.BitCast<Vector128<float>, TVector>(Half128((ushort*)source));
        throw new NotSupportedException($"{typeof(TVector)} is not a vector of float");
    }

    /// <inheritdoc cref="Load{TVector}(float*)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TVector>(Float8E4M3* source)
        where TVector : struct
    {
        if (typeof(TVector) == typeof(Vector512<float>)) return Unsafe.BitCast<Vector512<float>, TVector>(Float8(Ints512((sbyte*)source)));
        if (typeof(TVector) == typeof(Vector256<float>)) return Unsafe.BitCast<Vector256<float>, TVector>(Float8(Ints256((sbyte*)source)));
        if (typeof(TVector) == typeof(Vector128<float>)) return Unsafe.BitCast<Vector128<float>, TVector>(Float8(Ints128((sbyte*)source)));
        throw new NotSupportedException($"{typeof(TVector)} is not a vector of float");
    }

    // Below the smallest normal number, the bits get an exponent that is one higher, whose implicit bit is subtracted again. Not a
    // multiplication by a power of two, which would have subnormal operands: those take some processors a hundred cycles.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Half128(ushort* source)
    {
        var bits = Widen128(source).AsInt32();
        var magnitude = (bits & Vector128.Create(0x7FFF << 16)) >>> 3;
        var isSubnormal = Vector128.LessThan(magnitude, Vector128.Create(1 << 23));
        var special = Vector128.GreaterThanOrEqual(magnitude, Vector128.Create(HalfInfinity)) & Vector128.Create(0xFF << 23);
        var number = (magnitude + Vector128.Create(HalfRebias) + (isSubnormal & Vector128.Create(1 << 23))).AsSingle()
            - (isSubnormal & Vector128.Create(HalfRebias + (1 << 23))).AsSingle();
        return (number.AsInt32() | special | (bits & Vector128.Create(int.MinValue))).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Half256(ushort* source)
    {
        if (!Vector256.IsHardwareAccelerated) return Vector256.Create(Half128(source), Half128(source + 4));
        var bits = Widen256(source).AsInt32();
        var magnitude = (bits & Vector256.Create(0x7FFF << 16)) >>> 3;
        var isSubnormal = Vector256.LessThan(magnitude, Vector256.Create(1 << 23));
        var special = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(HalfInfinity)) & Vector256.Create(0xFF << 23);
        var number = (magnitude + Vector256.Create(HalfRebias) + (isSubnormal & Vector256.Create(1 << 23))).AsSingle()
            - (isSubnormal & Vector256.Create(HalfRebias + (1 << 23))).AsSingle();
        return (number.AsInt32() | special | (bits & Vector256.Create(int.MinValue))).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Half512(ushort* source)
    {
        if (!Vector512.IsHardwareAccelerated) return Vector512.Create(Half256(source), Half256(source + 8));
        var bits = Widen512(source).AsInt32();
        var magnitude = (bits & Vector512.Create(0x7FFF << 16)) >>> 3;
        var isSubnormal = Vector512.LessThan(magnitude, Vector512.Create(1 << 23));
        var special = Vector512.GreaterThanOrEqual(magnitude, Vector512.Create(HalfInfinity)) & Vector512.Create(0xFF << 23);
        var number = (magnitude + Vector512.Create(HalfRebias) + (isSubnormal & Vector512.Create(1 << 23))).AsSingle()
            - (isSubnormal & Vector512.Create(HalfRebias + (1 << 23))).AsSingle();
        return (number.AsInt32() | special | (bits & Vector512.Create(int.MinValue))).AsSingle();
    }

    // Few weights of a quantised matrix are subnormal, so the multiplication is the fast way here. All ones are NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Float8(Vector128<int> signExtended)
    {
        var magnitude = (signExtended << 20) & Vector128.Create(Float8Magnitude);
        var bits = (signExtended & Vector128.Create(int.MinValue)) | magnitude | Vector128.Equals(magnitude, Vector128.Create(Float8Magnitude));
        return bits.AsSingle() * Vector128.Create(Float8Unit);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Float8(Vector256<int> signExtended)
    {
        var magnitude = (signExtended << 20) & Vector256.Create(Float8Magnitude);
        var bits = (signExtended & Vector256.Create(int.MinValue)) | magnitude | Vector256.Equals(magnitude, Vector256.Create(Float8Magnitude));
        return bits.AsSingle() * Vector256.Create(Float8Unit);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Float8(Vector512<int> signExtended)
    {
        var magnitude = (signExtended << 20) & Vector512.Create(Float8Magnitude);
        var bits = (signExtended & Vector512.Create(int.MinValue)) | magnitude | Vector512.Equals(magnitude, Vector512.Create(Float8Magnitude));
        return bits.AsSingle() * Vector512.Create(Float8Unit);
    }
}
