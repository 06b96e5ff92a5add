using System;
using System.Runtime.Intrinsics;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>What is done with rows of H numbers.</content>
internal static unsafe partial class OmniExperts
{
    /// <summary>Vectors whose sums are formed side by side: enough chains to hide the latency of a multiply-add.</summary>
    private const int TileVectors = 4;

    private static float Dot(float* a, float* b)
    {
        var sums = Static.Array<Vector256<float>>(TileVectors);
        nint i = 0;
        for (; i <= HiddenSize - (TileVectors * Lanes); i += TileVectors * Lanes)
        {
            foreach (var v in Static.Range(TileVectors))
                sums[v] = Simd.MultiplyAdd(Vector256.Load(a + i + (v * Lanes)), Vector256.Load(b + i + (v * Lanes)), sums[v]);
        }

        for (; i <= HiddenSize - Lanes; i += Lanes) sums[0] = Simd.MultiplyAdd(Vector256.Load(a + i), Vector256.Load(b + i), sums[0]);
        var sum = Simd.Sum(sums[0] + sums[1] + (sums[2] + sums[3]));
        for (; i < HiddenSize; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>target = Σ factors[slot] · rows[experts[slot]], in the order of the slots.</summary>
    private static void Combine(float* rows, nint stride, int* experts, float* factors, float* target)
    {
        nint i = 0;
        for (; i <= HiddenSize - (TileVectors * Lanes); i += TileVectors * Lanes) CombineTile(TileVectors, rows + i, stride, experts, factors, target + i);
        for (; i <= HiddenSize - Lanes; i += Lanes) CombineTile(1, rows + i, stride, experts, factors, target + i);
        for (; i < HiddenSize; i++)
        {
            var sum = 0f;
            for (nint slot = 0; slot < TopK; slot++) sum += factors[slot] * rows[(experts[slot] * stride) + i];
            target[i] = sum;
        }
    }

    private static void CombineTile([Specialize] int vectors, float* rows, nint stride, int* experts, float* factors, float* target)
    {
        var sums = Static.Array<Vector256<float>>(vectors);
        for (nint slot = 0; slot < TopK; slot++)
        {
            var factor = Vector256.Create(factors[slot]);
            var row = rows + (experts[slot] * stride);
            foreach (var v in Static.Range(vectors)) sums[v] = Simd.MultiplyAdd(factor, Vector256.Load(row + (v * Lanes)), sums[v]);
        }

        foreach (var v in Static.Range(vectors)) sums[v].Store(target + (v * Lanes));
    }

    /// <summary>target += factor · row.</summary>
    private static void AddScaled(float* row, float factor, float* target)
    {
        nint i = 0;
        for (; i <= HiddenSize - Lanes; i += Lanes) Simd.MultiplyAdd(Vector256.Create(factor), Vector256.Load(row + i), Vector256.Load(target + i)).Store(target + i);
        for (; i < HiddenSize; i++) target[i] += factor * row[i];
    }
}
