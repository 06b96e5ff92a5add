using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KernelGen.Numerics;

/// <content>Loads and stores of partial vectors. With a constant count, each is straight-line code.</content>
public static unsafe partial class Simd
{
    /// <summary>Loads <paramref name="count"/> floats without accessing memory after them; the other lanes are <paramref name="rest"/>.</summary>
    /// <param name="source">First float.</param>
    /// <param name="count">Number of floats, 0 to the number of lanes.</param>
    /// <param name="rest">Value of the lanes from <paramref name="count"/> on.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFirst(float* source, int count, Vector128<float> rest)
    {
        if (count >= Vector128<float>.Count) return Vector128.Load(source);
        if (Avx.IsSupported)
        {
            var held = Vector128.LessThan(Vector128.LoadUnsafe(in LaneNumbers(0)), Vector128.Create(count)).AsSingle();
            return Vector128.ConditionalSelect(held, Avx.MaskLoad(source, held), rest);
        }

        if (count >= 1) rest = rest.WithElement(0, source[0]);
        if (count >= 2) rest = rest.WithElement(1, source[1]);
        if (count >= 3) rest = rest.WithElement(2, source[2]);
        return rest;
    }

    /// <inheritdoc cref="LoadFirst(float*, int, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFirst(float* source, int count, Vector256<float> rest)
    {
        const int Half = 4;
        if (count >= Vector256<float>.Count) return Vector256.Load(source);
        if (Avx.IsSupported)
        {
            var held = Vector256.LessThan(Vector256.LoadUnsafe(in LaneNumbers(0)), Vector256.Create(count)).AsSingle();
            return Vector256.ConditionalSelect(held, Avx.MaskLoad(source, held), rest);
        }

        return count > Half
            ? Vector256.Create(Vector128.Load(source), LoadFirst(source + Half, count - Half, rest.GetUpper()))
            : rest.WithLower(LoadFirst(source, count, rest.GetLower()));
    }

    /// <inheritdoc cref="LoadFirst(float*, int, Vector128{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadFirst(float* source, int count, Vector512<float> rest)
    {
        const int Half = 8;
        if (count >= Vector512<float>.Count) return Vector512.Load(source);
        return count > Half
            ? Vector512.Create(Vector256.Load(source), LoadFirst(source + Half, count - Half, rest.GetUpper()))
            : rest.WithLower(LoadFirst(source, count, rest.GetLower()));
    }

    /// <summary>Stores the first <paramref name="count"/> lanes without accessing memory after them.</summary>
    /// <param name="v">The lanes.</param>
    /// <param name="destination">Address of the first lane.</param>
    /// <param name="count">Number of lanes, 0 to all.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(Vector128<float> v, float* destination, int count)
    {
        if (count >= Vector128<float>.Count)
        {
            v.Store(destination);
            return;
        }

        if (count >= 2) *(double*)destination = v.AsDouble().ToScalar();
        if ((count & 1) != 0) destination[count - 1] = v.GetElement(count - 1);
    }

    /// <inheritdoc cref="StoreFirst(Vector128{float}, float*, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(Vector256<float> v, float* destination, int count)
    {
        const int Half = 4;
        if (count >= Vector256<float>.Count)
        {
            v.Store(destination);
            return;
        }

        StoreFirst(v.GetLower(), destination, Math.Min(count, Half));
        if (count > Half) StoreFirst(v.GetUpper(), destination + Half, count - Half);
    }

    /// <inheritdoc cref="StoreFirst(Vector128{float}, float*, int)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFirst(Vector512<float> v, float* destination, int count)
    {
        const int Half = 8;
        if (count >= Vector512<float>.Count)
        {
            v.Store(destination);
            return;
        }

        StoreFirst(v.GetLower(), destination, Math.Min(count, Half));
        if (count > Half) StoreFirst(v.GetUpper(), destination + Half, count - Half);
    }
}
