using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KernelGen.Numerics;

/// <content>Loads that widen to fp32.</content>
public static unsafe partial class Simd
{
    /// <summary>Loads as many numbers as <typeparamref name="TVector"/> (a vector of <see cref="float"/>) holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TVector>(float* source)
        where TVector : struct
    {
        if (typeof(TVector) == typeof(Vector512<float>)) return Unsafe.BitCast<Vector512<float>, TVector>(Vector512.Load(source));
        if (typeof(TVector) == typeof(Vector256<float>)) return Unsafe.BitCast<Vector256<float>, TVector>(Vector256.Load(source));
        if (typeof(TVector) == typeof(Vector128<float>)) return Unsafe.BitCast<Vector128<float>, TVector>(Vector128.Load(source));
        throw new NotSupportedException($"{typeof(TVector)} is not a vector of float");
    }

    /// <inheritdoc cref="Load{TVector}(float*)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TVector>(BFloat16* source)
        where TVector : struct
    {
        if (typeof(TVector) == typeof(Vector512<float>)) return Unsafe.BitCast<Vector512<float>, TVector>(Widen512((ushort*)source));
        if (typeof(TVector) == typeof(Vector256<float>)) return Unsafe.BitCast<Vector256<float>, TVector>(Widen256((ushort*)source));
        if (typeof(TVector) == typeof(Vector128<float>)) return Unsafe.BitCast<Vector128<float>, TVector>(Widen128((ushort*)source));
        throw new NotSupportedException($"{typeof(TVector)} is not a vector of float");
    }

    /// <summary>Copies <paramref name="count"/> numbers.</summary>
    public static void Widen(float* source, float* target, int count) => Unsafe.CopyBlockUnaligned(target, source, (uint)count * sizeof(float));

    /// <summary>Copies <paramref name="count"/> numbers, widened exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(BFloat16* source, float* target, int count)
    {
        var i = 0;
        for (; i <= count - Vector256<float>.Count; i += Vector256<float>.Count) Widen256((ushort*)source + i).Store(target + i);
        for (; i < count; i++) target[i] = source[i];
    }

    /// <summary>Prefetches the cache line at <paramref name="address"/> into the L2 cache. A hint: any address is allowed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchSoon(void* address)
    {
        if (Sse.IsSupported) Sse.Prefetch1(address);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Widen512(ushort* source)
    {
        if (Avx512F.IsSupported) return (Avx512F.ConvertToVector512Int32(Vector256.Load(source)) << 16).AsSingle();
        return Vector512.Create(Widen256(source), Widen256(source + 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Widen256(ushort* source)
    {
        if (Avx2.IsSupported) return (Avx2.ConvertToVector256Int32(source) << 16).AsSingle();
        return Vector256.Create(Widen128(source), Widen128(source + 4));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Widen128(ushort* source) =>
        (Vector128.WidenLower(Vector64.Load(source).ToVector128()) << 16).AsSingle();
}
