using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>A few tokens of one expert: dot products of weight rows as they stream from memory.</content>
internal static unsafe partial class FusedMoe<TWeight>
{
    private static void GateUpRows(ExpertsArguments* call, SlotBlock block, TWeight* gate, TWeight* up, int first, int end)
    {
        if (block.Tokens == 1) GateUpRows(1, Math.Min(4 / Projections, IntermediateSize), call, block, gate, up, first, end);
        else if (block.Tokens == 2) GateUpRows(2, Math.Min(4 / Projections, IntermediateSize), call, block, gate, up, first, end);
        else if (RowTokens <= 4 || block.Tokens <= 4) GateUpRows(4, Math.Min(2 / Projections, IntermediateSize), call, block, gate, up, first, end);
        else GateUpRows(8, Math.Min(2 / Projections, IntermediateSize), call, block, gate, up, first, end);
    }

    private static void DownRows(ExpertsArguments* call, SlotBlock block, TWeight* down, int first, int end)
    {
        if (block.Tokens == 1) DownRows(1, Math.Min(8, HiddenSize), call, block, down, first, end);
        else if (block.Tokens == 2) DownRows(2, Math.Min(4, HiddenSize), call, block, down, first, end);
        else if (RowTokens <= 4 || block.Tokens <= 4) DownRows(4, Math.Min(2, HiddenSize), call, block, down, first, end);
        else DownRows(8, Math.Min(2, HiddenSize), call, block, down, first, end);
    }

    /// <summary>Columns first … end of the intermediate states, <paramref name="columns"/> of them at a time.</summary>
    [SkipLocalsInit]
    private static void GateUpRows(
        [Specialize] int tokens, [Specialize] int columns, ExpertsArguments* call, SlotBlock block, TWeight* gate, TWeight* up, int first, int end)
    {
        var gates = stackalloc float[tokens * GateUpColumns];
        var ups = stackalloc float[tokens * GateUpColumns];
        var hidden = stackalloc nint[tokens];
        foreach (var t in Static.Range(tokens))
            hidden[t] = call->Plan.Slots[block.FirstSlot + Math.Min(t, block.Tokens - 1)] / TopK * (IntegerSums ? (nint)(2 * HiddenPairs) : call->HiddenStride);

        if (IsQuantized)
        {
            var sums = stackalloc float[Projections * columns * tokens];
            first = Math.Min(first, IntermediateSize - columns);
            for (var i = first; i < end; i += columns)
            {
                int column = Math.Min(i, IntermediateSize - columns);
                if (IntegerSums)
                {
                    IntegerDot(
                        Projections * columns, columns, tokens, HiddenSize, GateOf(call, block.Expert), UpOf(call, block.Expert), column, 0,
                        (short*)call->QuantizedHidden, hidden, HiddenSize, (int*)sums);
                }
                else
                {
                    QuantizedDot(
                        Projections * columns, columns, tokens, HiddenSize, GateOf(call, block.Expert), UpOf(call, block.Expert), column, 0,
                        call->Hidden, hidden, HiddenSize, sums);
                }

                foreach (var r in Static.Range(columns))
                {
                    foreach (var t in Static.Range(tokens))
                    {
                        gates[(t * GateUpColumns) + column - first + r] = sums[(r * tokens) + t];
                        if (Gated) ups[(t * GateUpColumns) + column - first + r] = sums[((columns + r) * tokens) + t];
                    }
                }
            }
        }
        else
        {
            for (nint i = first; i < end; i++) Dot(tokens, HiddenSize, gate + (i * HiddenSize), call->Hidden, hidden, HiddenSize, gates + i - first, GateUpColumns);
            if (Gated)
            {
                for (nint i = first; i < end; i++) Dot(tokens, HiddenSize, up + (i * HiddenSize), call->Hidden, hidden, HiddenSize, ups + i - first, GateUpColumns);
            }
        }

        FinishGateUpRows(call, block, GateUpColumns, gates, ups, first, end);
    }

    /// <summary>Scales of integers, router weight, biases and activation of rows of sums, <paramref name="distance"/> apart.</summary>
    private static void FinishGateUpRows(ExpertsArguments* call, SlotBlock block, [Specialize] int distance, float* gates, float* ups, int first, int end)
    {
        for (var t = 0; t < block.Tokens; t++)
        {
            if (IntegerSums)
            {
                var inputScale = call->HiddenScales[call->Plan.Slots[block.FirstSlot + t] / TopK];
                ScaleIntegers(gates, GateOf(call, block.Expert).Scales + first, inputScale, end - first);
                if (Gated) ScaleIntegers(ups, UpOf(call, block.Expert).Scales + first, inputScale, end - first);
            }

            if (Bias || RouterWeightOnInput)
            {
                var routerWeight = RouterWeight(call, call->Plan.Slots[block.FirstSlot + t]);
                var bias = GateUpBias(call, block.Expert) + first;
                FinishRow(gates, routerWeight, bias, end - first);
                if (Gated) FinishRow(ups, routerWeight, bias + IntermediateSize, end - first);
            }

            ActivateRow(gates, ups, call->Activations + ((nint)(block.Row + t) * IntermediateSize) + first, end - first);
            gates += distance;
            ups += distance;
        }
    }

    /// <summary>Columns first … end of the output, <paramref name="rows"/> weight rows at a time.</summary>
    [SkipLocalsInit]
    private static void DownRows([Specialize] int tokens, [Specialize] int rows, ExpertsArguments* call, SlotBlock block, TWeight* down, int first, int end)
    {
        var sums = stackalloc float[rows * tokens];
        var activations = stackalloc nint[tokens];
        foreach (var t in Static.Range(tokens)) activations[t] = (nint)(block.Row + Math.Min(t, block.Tokens - 1)) * (IntegerSums ? 2 * IntermediateSize : IntermediateSize);

        for (var h = first; h < end; h += rows)
        {
            var column = Math.Min(h, HiddenSize - rows);
            if (IntegerSums)
            {
                var matrix = DownOf(call, block.Expert);
                IntegerDot(rows, rows, tokens, IntermediateSize, matrix, matrix, column, 0, (short*)call->Activations, activations, IntermediateSize, (int*)sums);
                for (var r = 0; r < rows; r++)
                {
                    for (var t = 0; t < block.Tokens; t++)
                        sums[(r * tokens) + t] = ((int*)sums)[(r * tokens) + t] * matrix.Scales[column + r] * call->ActivationScales[block.Row + t];
                }
            }
            else if (IsQuantized)
            {
                var matrix = DownOf(call, block.Expert);
                QuantizedDot(rows, rows, tokens, IntermediateSize, matrix, matrix, column, 0, call->Activations, activations, IntermediateSize, sums);
            }
            else
            {
                var weights = down + ((nint)column * IntermediateSize);
                for (nint r = 0; r < rows; r++)
                    Dot(tokens, IntermediateSize, weights + (r * IntermediateSize), call->Activations, activations, IntermediateSize, sums + (r * tokens), 1);
            }

            for (var t = 0; t < block.Tokens; t++)
            {
                var slot = call->Plan.Slots[block.FirstSlot + t];
                var scale = RouterWeightOnInput ? 1f : RouterWeight(call, slot);
                var output = call->SlotOutputs + ((nint)slot * HiddenSize) + column;
                foreach (var r in Static.Range(rows))
                    output[r] = (Bias ? sums[(r * tokens) + t] + DownBias(call, block.Expert)[column + r] : sums[(r * tokens) + t]) * scale;
            }
        }
    }

    /// <summary>Bias and router weight of columns first … first + count of a slot's output.</summary>
    private static void FinishDownRow(ExpertsArguments* call, int slot, float* sums, int first, int count)
    {
        var scale = RouterWeightOnInput ? 1f : RouterWeight(call, slot);
        var output = call->SlotOutputs + ((nint)slot * HiddenSize) + first;
        var bias = DownBias(call, ExpertOf(call, slot)) + first;
        for (var h = 0; h < count; h++) output[h] = (Bias ? sums[h] + bias[h] : sums[h]) * scale;
    }

    /// <summary>
    /// target [tokens], <paramref name="distance"/> apart, = a weight row · tokens. One row at a time: memory serves one long
    /// stream faster than several at once.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dot(
        [Specialize] int tokens, [Specialize] int stride, TWeight* row, float* x, nint* offsets, nint depth, float* target, nint distance)
    {
        var unroll = tokens < 4 ? 4 / tokens : 1; // sums that do not wait for each other
        nint ahead = SplitK == 1 ? 4096 : SplitK * stride * sizeof(TWeight);
        var offset = Static.Array<nint>(tokens);
        foreach (var t in Static.Range(tokens)) offset[t] = offsets[t];

        var acc = Static.Array<Vector256<float>>(unroll, tokens);
        nint k = 0;
        for (; k <= depth - (unroll * Lanes); k += unroll * Lanes)
        {
            foreach (var u in Static.Range(unroll))
            {
                Simd.PrefetchSoon((byte*)(row + k + (u * Lanes)) + ahead);
                var weight = Load(row + k + (u * Lanes));
                foreach (var t in Static.Range(tokens)) acc[u, t] = Simd.MultiplyAdd(weight, Vector256.Load(x + offset[t] + k + (u * Lanes)), acc[u, t]);
            }
        }

        if (unroll > 1 && (SplitK > 1 || stride % (unroll * Lanes) != 0))
        {
            for (; k <= depth - Lanes; k += Lanes)
            {
                Simd.PrefetchSoon((byte*)(row + k) + ahead);
                var weight = Load(row + k);
                foreach (var t in Static.Range(tokens)) acc[0, t] = Simd.MultiplyAdd(weight, Vector256.Load(x + offset[t] + k), acc[0, t]);
            }
        }

        foreach (var t in Static.Range(tokens))
        {
            foreach (var u in Static.Range(1, unroll)) acc[0, t] += acc[u, t];
            target[t * distance] = Simd.Sum(acc[0, t]);
        }

        if (stride % Lanes != 0)
        {
            for (; k < depth; k++)
            {
                var weight = LoadScalar(row + k);
                foreach (var t in Static.Range(tokens)) target[t * distance] += weight * x[offset[t] + k];
            }
        }
    }
}
