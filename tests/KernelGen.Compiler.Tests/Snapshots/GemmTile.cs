using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Numerics;

namespace KernelGen.Samples;

/// <summary>y [Rows, n] += a [Rows, k] · b [k, n], a register tile at a time.</summary>
[KernelTemplate]
internal static unsafe class GemmTile<[Specialize] TWeight>
    where TWeight : unmanaged
{
    [Specialize] private const int Rows = 6;
    [Specialize] private const int Vectors = 2;
    [Specialize] private const bool Accumulate = false;
    private const int Columns = Vectors * 8;

    /// <summary>Walks the columns; what is left over after whole tiles goes one vector at a time.</summary>
    /// <param name="a">Weights, [Rows, k].</param>
    /// <param name="k">Depth of the reduction.</param>
    public static void Run(TWeight* a, nint aStride, float* b, nint bStride, int k, float* y, nint yStride, int n)
    {
        var lanes = Vector256<float>.Count;
        var j = 0;
        for (; j <= n - (Vectors * lanes); j += Vectors * lanes)
            Tile(Vectors, a, aStride, b + j, bStride, k, y + j, yStride);

        // The rest.
        if (Vectors > 1)
        {
            for (; j <= n - lanes; j += lanes)
                Tile(1, a, aStride, b + j, bStride, k, y + j, yStride);
        }
    }

    /// <summary>One tile of Rows × <paramref name="vectors"/> vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Tile(
        [Specialize] int vectors, TWeight* a, nint aStride, float* b, nint bStride, int k, float* y, nint yStride)
    {
        var lanes = Vector256<float>.Count;
        var acc = Static.Array<Vector256<float>>(Rows, vectors);
        if (Accumulate)
        {
            foreach (var r in Static.Range(Rows))
                foreach (var v in Static.Range(vectors))
                    acc[r, v] = Vector256.Load(y + (r * yStride) + (v * lanes));
        }

        for (var i = 0; i < k; i++)
        {
            // One row of b serves all rows of a.
            var row = Static.Array<Vector256<float>>(vectors);
            foreach (var v in Static.Range(vectors))
                row[v] = Vector256.Load(b + (i * bStride) + (v * lanes));
            foreach (var r in Static.Range(Rows))
            {
                var weight = Vector256.Create(Widen(a[(r * aStride) + i]));
                foreach (var v in Static.Range(vectors))
                    acc[r, v] = Simd.MultiplyAdd(weight, row[v], acc[r, v]); // a fused step
            }
        }

        foreach (var r in Static.Range(Rows))
            foreach (var v in Static.Range(vectors))
                acc[r, v].Store(y + (r * yStride) + (v * lanes));
    }

    private static float Widen(TWeight weight)
    {
        if (typeof(TWeight) == typeof(float)) return (float)(object)weight;
        if (typeof(TWeight) == typeof(sbyte)) return (sbyte)(object)weight;
        throw new System.NotSupportedException();
    }
}
