using System;
using System.Runtime.Intrinsics;
using KernelGen;

namespace OwnTemplate;

/// <summary>y = x / √(mean of x² + ε) · weight, for one token. Runs unspecialised; specialised, its accumulators are registers and its loops straight-line code.</summary>
[KernelTemplate]
public static unsafe class RmsNorm
{
    /// <summary>Hidden size H, a multiple of <see cref="Sums"/> vectors.</summary>
    [Specialize] public const int HiddenSize = 48;

    /// <summary>Number of independent accumulators, so that one addition does not wait for another.</summary>
    [Specialize] private const int Sums = 2;

    public static void Run(float* x, float* weight, float epsilon, float* y)
    {
        var sums = Static.Array<Vector256<float>>(Sums);
        foreach (var s in Static.Range(Sums)) sums[s] = Vector256<float>.Zero;
        for (var h = 0; h < HiddenSize; h += Sums * Vector256<float>.Count)
        {
            foreach (var s in Static.Range(Sums))
            {
                var part = Vector256.Load(x + h + (s * Vector256<float>.Count));
                sums[s] += part * part;
            }
        }

        foreach (var s in Static.Range(1, Sums)) sums[0] += sums[s];
        var scale = Vector256.Create(1f / MathF.Sqrt((Vector256.Sum(sums[0]) / HiddenSize) + epsilon));
        for (var h = 0; h < HiddenSize; h += Vector256<float>.Count)
            (Vector256.Load(x + h) * scale * Vector256.Load(weight + h)).Store(y + h);
    }
}
