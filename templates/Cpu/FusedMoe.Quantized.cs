using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>Weights with scales: products of the stored numbers, group by group, each multiplied by its scale once.</content>
internal static unsafe partial class FusedMoe<TWeight>
{
    [Specialize] private const WeightQuantization Quantization = WeightQuantization.None;

    /// <summary>Weights of a row that share a scale, in groups.</summary>
    [Specialize] private const int GroupSize = 0;

    /// <summary>Whether groups have zero points of their own.</summary>
    [Specialize] private const bool ZeroPoints = false;

    /// <summary>Weights in a stored element: two in a pair.</summary>
    [Specialize] private const int WeightsPerElement = 1;

    private const bool IsQuantized = Quantization != WeightQuantization.None;

    /// <summary>Weights of a row that share a scale; 0 when all do.</summary>
    private const int ScaleWidth = Quantization == WeightQuantization.Block128 ? 128 : Quantization == WeightQuantization.Group ? GroupSize : 0;

    /// <summary>Slices of the reduction are whole vectors and whole groups.</summary>
    private const int SliceUnit = ScaleWidth != 0 ? ScaleWidth : IntegerSums ? 2 * Lanes : Lanes * WeightsPerElement;

    /// <summary>Vectors of numbers between two tests for the end of a group.</summary>
    private const int DotUnroll = 4;

    private static QuantizedMatrix GateOf(ExpertsArguments* call, int expert) => QuantizedMatrix.Of(call->Gate, call->GateScales, expert);

    private static QuantizedMatrix UpOf(ExpertsArguments* call, int expert) => Gated ? QuantizedMatrix.Of(call->Up, call->UpScales, expert) : default;

    private static QuantizedMatrix DownOf(ExpertsArguments* call, int expert) => QuantizedMatrix.Of(call->Down, call->DownScales, expert);

    /// <summary>
    /// sums [rows, tokens] = weight rows · tokens, from element begin of the rows on. Rows below
    /// split are those of first from row on, the others those of
    /// second.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void QuantizedDot(
        [Specialize] int rows, [Specialize] int split, [Specialize] int tokens, [Specialize] int width,
        QuantizedMatrix first, QuantizedMatrix second, int row, nint begin, float* x, nint* offsets, nint depth, float* sums)
    {
        var token = Static.Array<nint>(tokens);
        foreach (var t in Static.Range(tokens)) token[t] = (nint)(x + offsets[t]);

        var weights = Static.Array<nint>(rows);
        var total = Static.Array<Vector256<float>>(rows, tokens);
        foreach (var r in Static.Range(rows))
        {
            var matrix = r < split ? first : second;
            weights[r] = (nint)((TWeight*)matrix.Weights + ((((nint)(row + (r % split)) * width) + begin) / WeightsPerElement));
            foreach (var t in Static.Range(tokens)) sums[(r * tokens) + t] = 0f;
        }

        // Of few tokens, the sums of a group are multiplied by its scale; of more, its weights. One scale for all waits until the end.
        bool scalesWeights = ScaleWidth != 0 && tokens > 2;
        bool scalesSums = ScaleWidth != 0 && tokens <= 2;
        nint group = ScaleWidth == 0 ? width : ScaleWidth;
        nint k = 0;
        var acc = Static.Array<Vector256<float>>(rows, tokens);
        while (k < depth)
        {
            nint end = Math.Min(k + group, depth);
            int number = (int)((begin + k) / group);
            var zero = Static.Array<float>(rows);
            var scale = Static.Array<float>(rows);
            foreach (var r in Static.Range(rows))
            {
                zero[r] = ZeroPoint(r < split ? first : second, row + (r % split), number, width);
                scale[r] = ScaleOf(r < split ? first : second, row + (r % split), number, width);
                if (scalesSums)
                {
                    foreach (var t in Static.Range(tokens)) acc[r, t] = Vector256<float>.Zero;
                }
            }

            if (WeightsPerElement == 2)
            {
                var levels = Static.Array<Vector256<float>>(rows);
                foreach (var r in Static.Range(rows)) levels[r] = Simd.Levels<Vector256<float>>(zero[r]);
                foreach (var pass in Static.Range(2))
                {
                    for (; k <= end - (pass == 0 ? DotUnroll * 2 * Lanes : 2 * Lanes); k += pass == 0 ? DotUnroll * 2 * Lanes : 2 * Lanes)
                    {
                        foreach (var r in Static.Range(rows)) Simd.PrefetchSoon((byte*)weights[r] + ((k + (split * width)) / 2));
                        foreach (var u in Static.Range(pass == 0 ? DotUnroll : 1))
                        {
                            // Either the tokens are sorted into those of even and odd number, or the weights into neighbours: the fewer.
                            var even = Static.Array<Vector256<float>>(tokens);
                            var odd = Static.Array<Vector256<float>>(tokens);
                            if (!scalesWeights)
                            {
                                foreach (var t in Static.Range(tokens))
                                {
                                    var head = Vector256.Load((float*)token[t] + k + (u * 2 * Lanes));
                                    var tail = Vector256.Load((float*)token[t] + k + (u * 2 * Lanes) + Lanes);
                                    even[t] = Simd.Evens(head, tail);
                                    odd[t] = Simd.Odds(head, tail);
                                }
                            }

                            var front = Static.Array<Vector256<float>>(rows);
                            var back = Static.Array<Vector256<float>>(rows);
                            foreach (var r in Static.Range(rows))
                            {
                                var pairs = Simd.LoadPairs<Vector256<int>>((Int4Pair*)weights[r] + (k / 2) + (u * Lanes));
                                var lows = Simd.LowHalves(pairs, levels[r]);
                                var highs = Simd.HighHalves(pairs, levels[r]);
                                if (scalesWeights)
                                {
                                    front[r] = Simd.ZipLow(lows, highs) * Vector256.Create(scale[r]);
                                    back[r] = Simd.ZipHigh(lows, highs) * Vector256.Create(scale[r]);
                                }
                                else
                                {
                                    foreach (var t in Static.Range(tokens))
                                        acc[r, t] = Simd.MultiplyAdd(highs, odd[t], Simd.MultiplyAdd(lows, even[t], acc[r, t]));
                                }
                            }

                            if (scalesWeights)
                            {
                                foreach (var t in Static.Range(tokens))
                                {
                                    var head = Vector256.Load((float*)token[t] + k + (u * 2 * Lanes));
                                    var tail = Vector256.Load((float*)token[t] + k + (u * 2 * Lanes) + Lanes);
                                    foreach (var r in Static.Range(rows)) acc[r, t] = Simd.MultiplyAdd(back[r], tail, Simd.MultiplyAdd(front[r], head, acc[r, t]));
                                }
                            }
                        }
                    }
                }
            }
            else
            {
                foreach (var pass in Static.Range(2))
                {
                    for (; k <= end - (pass == 0 ? DotUnroll * Lanes : Lanes); k += pass == 0 ? DotUnroll * Lanes : Lanes)
                    {
                        // More tokens want each loaded once for all rows, which then are few; more rows want their registers back.
                        foreach (var top in Static.Range(0, rows, tokens > 2 ? rows : 1))
                        {
                            var weight = Static.Array<Vector256<float>>(tokens > 2 ? rows : 1, DotUnroll);
                            foreach (var r in Static.Range(tokens > 2 ? rows : 1))
                            {
                                Simd.PrefetchSoon((byte*)weights[top + r] + k + (split * width));
                                if (pass == 1) weight[r, 0] = Load((TWeight*)weights[top + r] + k);
                                else LoadFour((TWeight*)weights[top + r] + k, out weight[r, 0], out weight[r, 1], out weight[r, 2], out weight[r, 3]);
                                foreach (var u in Static.Range(pass == 0 ? DotUnroll : 1))
                                {
                                    if (ZeroPoints) weight[r, u] -= Vector256.Create(zero[top + r]);
                                    if (scalesWeights) weight[r, u] *= Vector256.Create(scale[top + r]);
                                }
                            }

                            foreach (var u in Static.Range(pass == 0 ? DotUnroll : 1))
                            {
                                foreach (var t in Static.Range(tokens))
                                {
                                    var input = Vector256.Load((float*)token[t] + k + (u * Lanes));
                                    foreach (var r in Static.Range(tokens > 2 ? rows : 1)) acc[top + r, t] = Simd.MultiplyAdd(weight[r, u], input, acc[top + r, t]);
                                }
                            }
                        }
                    }
                }
            }

            if (scalesSums)
            {
                foreach (var r in Static.Range(rows))
                {
                    foreach (var t in Static.Range(tokens)) total[r, t] = Simd.MultiplyAdd(acc[r, t], Vector256.Create(scale[r]), total[r, t]);
                }
            }

            for (; k < end; k++)
            {
                foreach (var r in Static.Range(rows))
                {
                    var weight = (StoredNumber((TWeight*)weights[r], k) - zero[r]) * scale[r];
                    foreach (var t in Static.Range(tokens)) sums[(r * tokens) + t] += weight * ((float*)token[t])[k];
                }
            }
        }

        foreach (var r in Static.Range(rows))
        {
            foreach (var t in Static.Range(tokens))
            {
                if (scalesSums) sums[(r * tokens) + t] += Simd.Sum(total[r, t]);
                else if (scalesWeights) sums[(r * tokens) + t] += Simd.Sum(acc[r, t]);
                else sums[(r * tokens) + t] += Simd.Sum(acc[r, t]) * ScaleOf(r < split ? first : second, row + (r % split), 0, width);
            }
        }
    }

    /// <summary>Elements k … k + count of a row, in single precision.</summary>
    private static void Stage([Specialize] int width, QuantizedMatrix matrix, int row, int k, float* target, int count)
    {
        var source = (TWeight*)matrix.Weights + (((nint)row * width) / WeightsPerElement);
        int group = ScaleWidth == 0 ? width : ScaleWidth;
        var scales = RowScales(matrix, row, width);
        int end = k + count;
        while (k < end)
        {
            int number = k / group;
            int run = Math.Min((number + 1) * group, end) - k;
            var zero = ZeroPoints ? ZeroPoint(matrix, row, number, width) : WeightsPerElement == 2 ? 8f : 0f;
            var scale = scales[number];
            if (typeof(TWeight) == typeof(Int4Pair)) Simd.Dequantize((Int4Pair*)source + (k / 2), target, run, zero, scale);
            else if (typeof(TWeight) == typeof(sbyte)) Simd.Dequantize((sbyte*)source + k, target, run, zero, scale);
            else Simd.Dequantize((Float8E4M3*)source + k, target, run, scale);
            target += run;
            k += run;
        }
    }

    private static float ScaleOf(QuantizedMatrix matrix, int row, int group, [Specialize] int width) => RowScales(matrix, row, width)[group];

    /// <summary>The scales of a row's groups, or its only one.</summary>
    private static float* RowScales(QuantizedMatrix matrix, int row, [Specialize] int width)
    {
        switch (Quantization)
        {
            case WeightQuantization.Channel:
                return matrix.Scales + row;
            case WeightQuantization.Block128:
                return matrix.Scales + ((nint)((row + matrix.RowShift) / 128) * ((width + 127) / 128));
            case WeightQuantization.Group:
                return matrix.Scales + ((nint)row * ((width + (GroupSize - 1)) / GroupSize));
            default:
                return matrix.Scales;
        }
    }

    private static float ZeroPoint(QuantizedMatrix matrix, int row, int group, [Specialize] int width)
    {
        if (!ZeroPoints) return WeightsPerElement == 2 ? 8f : 0f;
        nint groups = (width + (GroupSize - 1)) / GroupSize;
        if (WeightsPerElement == 2) return (matrix.ZeroPoints[((nint)(row / 2) * groups) + group] >> (4 * (row % 2))) & 0xF;
        return (sbyte)matrix.ZeroPoints[((nint)row * groups) + group];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadFour(TWeight* weights, out Vector256<float> a, out Vector256<float> b, out Vector256<float> c, out Vector256<float> d)
    {
        if (typeof(TWeight) == typeof(Float8E4M3))
        {
            Simd.LoadFour((Float8E4M3*)weights, out a, out b, out c, out d);
        }
        else
        {
            a = Load(weights);
            b = Load(weights + Lanes);
            c = Load(weights + (2 * Lanes));
            d = Load(weights + (3 * Lanes));
        }
    }

    private static float StoredNumber(TWeight* row, nint k)
    {
        if (typeof(TWeight) == typeof(Int4Pair)) return (((Int4Pair*)row)[k / 2].Bits >> (int)(4 * (k % 2))) & 0xF;
        if (typeof(TWeight) == typeof(sbyte)) return ((sbyte*)row)[k];
        return ((Float8E4M3*)row)[k];
    }
}
