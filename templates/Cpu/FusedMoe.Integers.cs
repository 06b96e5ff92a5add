using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>
/// Products of 8-bit integers: exact sums in 32 bits, which the widest reduction cannot overflow (65,536 · 127 · 128 &lt; 2³¹), times the
/// scale of the weights' row, times that of the token. Every path gives the same bits. Sums that wait for their scales lie where
/// singles will: to copy them as such moves the bits.
/// </content>
internal static unsafe partial class FusedMoe<TWeight>
{
    /// <summary>sums [rows, tokens] = weight rows · tokens, from element begin of the rows on, as in QuantizedDot; not scaled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void IntegerDot(
        [Specialize] int rows, [Specialize] int split, [Specialize] int tokens, [Specialize] int width,
        QuantizedMatrix first, QuantizedMatrix second, int row, nint begin, short* x, nint* offsets, nint depth, int* sums)
    {
        var offset = Static.Array<nint>(tokens);
        foreach (var t in Static.Range(tokens)) offset[t] = offsets[t];

        var weights = Static.Array<nint>(rows);
        var acc = Static.Array<Vector256<int>>(rows, tokens);
        foreach (var r in Static.Range(rows))
        {
            var matrix = r < split ? first : second;
            weights[r] = (nint)((sbyte*)matrix.Weights + ((nint)(row + (r % split)) * width) + begin);
        }

        nint k = 0;
        for (; k <= depth - (2 * Lanes); k += 2 * Lanes)
        {
            var token = Static.Array<Vector256<short>>(tokens);
            foreach (var t in Static.Range(tokens)) token[t] = Vector256.Load(x + offset[t] + k);
            foreach (var r in Static.Range(rows))
            {
                Simd.PrefetchSoon((byte*)weights[r] + k + (split * width)); // the same place of the rows that come next
                var weight = Simd.LoadShorts<Vector256<short>>((sbyte*)weights[r] + k);
                foreach (var t in Static.Range(tokens)) acc[r, t] = Simd.MultiplyAddPairs(weight, token[t], acc[r, t]);
            }
        }

        foreach (var r in Static.Range(rows))
        {
            foreach (var t in Static.Range(tokens)) sums[(r * tokens) + t] = Vector256.Sum(acc[r, t]);
        }

        for (; k < depth; k++)
        {
            foreach (var r in Static.Range(rows))
            {
                int weight = ((sbyte*)weights[r])[k];
                foreach (var t in Static.Range(tokens)) sums[(r * tokens) + t] += weight * x[offset[t] + k];
            }
        }
    }

    /// <summary>Elements k … k + count of a row in whole pairs of shorts.</summary>
    private static void StagePairs([Specialize] int width, QuantizedMatrix matrix, int row, int k, short* target, int count)
    {
        var source = (sbyte*)matrix.Weights + ((nint)row * width) + k;
        Simd.Widen(source, target, count);
        if (count % 2 != 0) target[count] = 0;
    }

    /// <summary>
    /// Adds to sums [rows, width] the products of staged weights [rows, pairs] and tokens [pairs, width]. The first to use a tile's
    /// weights asks for the next tile's.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void IntegerTile(
        [Specialize] int rows, [Specialize] int split, [Specialize] int vectors, WeightStream stream, bool isFirst, int* staged, int* tokens, nint pairs, int* sums)
    {
        var ask = stream.Next;
        var askSecond = stream.SecondNext;
        nint lines = isFirst ? ((2 * split * pairs) + 63) / 64 : 0;
        var acc = Static.Array<Vector256<int>>(rows, vectors);
        foreach (var r in Static.Range(rows))
        {
            foreach (var v in Static.Range(vectors)) acc[r, v] = Vector256.Load(sums + (((r * vectors) + v) * Lanes));
        }

        for (nint k = 0; k < pairs; k++)
        {
            if (k < lines)
            {
                Simd.PrefetchSoon(ask + (64 * k));
                if (split < rows) Simd.PrefetchSoon(askSecond + (64 * k));
            }

            var token = Static.Array<Vector256<short>>(vectors);
            foreach (var v in Static.Range(vectors)) token[v] = Vector256.Load(tokens + (v * Lanes)).AsInt16();
            foreach (var r in Static.Range(rows))
            {
                var weight = Vector256.Create(staged[(r * StagedStride) + k]).AsInt16();
                foreach (var v in Static.Range(vectors)) acc[r, v] = Simd.MultiplyAddPairs(weight, token[v], acc[r, v]);
            }

            tokens += vectors * Lanes;
        }

        foreach (var r in Static.Range(rows))
        {
            foreach (var v in Static.Range(vectors)) acc[r, v].Store(sums + (((r * vectors) + v) * Lanes));
        }
    }

    /// <summary>MultiplyRows of integers: what is left over of a panel, one token after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyIntegerRows(
        [Specialize] int rows, [Specialize] int split, [Specialize] int distance, short* staged, short* x, nint* offsets, int tokens, nint depth, int* target, bool add)
    {
        for (var t = 0; t < tokens; t++)
        {
            var token = x + offsets[t];
            var acc = Static.Array<Vector256<int>>(rows);
            foreach (var r in Static.Range(rows)) acc[r] = Vector256<int>.Zero;
            nint k = 0;
            for (; k <= depth - (2 * Lanes); k += 2 * Lanes)
            {
                var input = Vector256.Load(token + k);
                foreach (var r in Static.Range(rows)) acc[r] = Simd.MultiplyAddPairs(Vector256.Load(staged + (2 * r * StagedStride) + k), input, acc[r]);
            }

            foreach (var r in Static.Range(rows))
            {
                var sum = Vector256.Sum(acc[r]);
                for (var i = k; i < depth; i++) sum += staged[(2 * r * StagedStride) + i] * token[i];
                var place = target + (r < split ? r : (distance / 2) + r - split);
                *place = add ? *place + sum : sum;
            }

            target += distance;
        }
    }

    /// <summary>One token's integer sums, in place: times the scales of their rows, times that of the token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScaleIntegers(float* sums, float* scales, float inputScale, int count)
    {
        var i = 0;
        for (; i <= count - Lanes; i += Lanes)
            (Vector256.ConvertToSingle(Vector256.Load((int*)sums + i)) * Vector256.Load(scales + i) * Vector256.Create(inputScale)).Store(sums + i);
        for (; i < count; i++) sums[i] = ((int*)sums)[i] * scales[i] * inputScale;
    }

    /// <summary>A panel's integer sums [rows, width], in place: times the scale of each row, times that of each column, a token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScaleIntegerPanel(float* sums, int rows, int width, float* scales, float* inputScales)
    {
        for (var r = 0; r < rows; r++)
        {
            var scale = Vector256.Create(scales[r]);
            for (var t = 0; t < width; t += Lanes)
                (Vector256.ConvertToSingle(Vector256.Load((int*)sums + t)) * scale * Vector256.Load(inputScales + t)).Store(sums + t);
            sums += width;
        }
    }

    /// <summary>The same for gate or up sums of a register tile; columns that hold no token become zeros.</summary>
    private static void ScaleGateUpPanel(ExpertsArguments* call, SlotBlock panel, float* sums, float* scales)
    {
        var inputScales = stackalloc float[PanelTokens];
        for (var t = 0; t < panel.Width; t++) inputScales[t] = t < panel.Tokens ? call->HiddenScales[call->Plan.Slots[panel.FirstSlot + t] / TopK] : 0f;
        ScaleIntegerPanel(sums, TileColumns, panel.Width, scales, inputScales);
    }
}
