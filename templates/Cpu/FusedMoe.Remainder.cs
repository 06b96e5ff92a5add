using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>What is left over of an expert's panels: rows of tokens against the weights that are staged for the panels.</content>
internal static unsafe partial class FusedMoe<TWeight>
{
    /// <summary>Sums of one row and work item: gate columns, then up columns.</summary>
    private const int GateUpRowSums = Projections * GateUpColumns;

    private static int RowsOf(SlotBlock* blocks, int count) => blocks[count - 1].Width == 0 ? blocks[count - 1].Tokens : 0;

    /// <summary>
    /// target [tokens, rows], <paramref name="distance"/> apart, = or += staged weights [rows, depth] · tokens, two tokens at a
    /// time. Rows from <paramref name="split"/> on, those of up projections, go half a <paramref name="distance"/> further.
    /// </summary>
    private static void MultiplyRows(
        [Specialize] int rows, [Specialize] int split, [Specialize] int stride, [Specialize] int distance,
        WeightStream stream, bool isFirst, float* staged, float* x, nint* offsets, int tokens, int depth, float* target, bool add)
    {
        var t = 0;
        if (isFirst && tokens > 1)
        {
            DotStaged(rows, split, stride, distance, 2, true, stream, staged, x, offsets, depth, target, add);
            t = 2;
        }
        else if (isFirst)
        {
            DotStaged(rows, split, stride, distance, 1, true, stream, staged, x, offsets, depth, target, add);
            t = 1;
        }

        for (; t < tokens - 1; t += 2) DotStaged(rows, split, stride, distance, 2, false, stream, staged, x, offsets + t, depth, target + (t * distance), add);
        if (t < tokens) DotStaged(rows, split, stride, distance, 1, false, stream, staged, x, offsets + t, depth, target + (t * distance), add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotStaged(
        [Specialize] int rows, [Specialize] int split, [Specialize] int stride, [Specialize] int distance, [Specialize] int tokens, [Specialize] bool isFirst,
        WeightStream stream, float* staged, float* x, nint* offsets, nint depth, float* target, bool add)
    {
        var stages = isFirst && !IsQuantized;
        var first = stream.First;
        var second = stream.Second;
        var ask = stream.Next;
        var askSecond = stream.SecondNext;
        if (stages) StageEnds(rows, split, stride, stream, staged, depth);

        var offset = Static.Array<nint>(tokens);
        foreach (var t in Static.Range(tokens)) offset[t] = offsets[t];

        var acc = Static.Array<Vector256<float>>(rows, tokens);
        nint k = 0;
        for (; k <= depth - Lanes; k += Lanes)
        {
            if (isFirst)
            {
                var bytes = split * Lanes * sizeof(TWeight) / WeightsPerElement;
                for (nint line = 0; line < bytes; line += 64)
                {
                    Simd.PrefetchSoon(ask + line);
                    if (split < rows) Simd.PrefetchSoon(askSecond + line);
                }

                ask += bytes;
                askSecond += bytes;
            }

            var token = Static.Array<Vector256<float>>(tokens);
            foreach (var t in Static.Range(tokens)) token[t] = Vector256.Load(x + offset[t] + k);
            foreach (var r in Static.Range(rows))
            {
                var weight = stages ? Load((r < split ? first + (r * stride) : second + ((r - split) * stride)) + k) : Vector256.Load(staged + (r * StagedStride) + k);
                if (stages) weight.Store(staged + (r * StagedStride) + k);
                foreach (var t in Static.Range(tokens)) acc[r, t] = Simd.MultiplyAdd(weight, token[t], acc[r, t]);
            }
        }

        foreach (var r in Static.Range(rows))
        {
            foreach (var t in Static.Range(tokens))
            {
                var sum = Simd.Sum(acc[r, t]);
                if (stride % Lanes != 0)
                {
                    for (var i = k; i < depth; i++) sum += staged[(r * StagedStride) + i] * x[offset[t] + i];
                }

                var place = target + (t * distance) + (r < split ? r : (distance / 2) + r - split);
                *place = add ? *place + sum : sum;
            }
        }
    }
}
