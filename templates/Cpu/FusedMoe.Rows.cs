using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>A few tokens of one expert: dot products of weight rows as they stream from memory.</content>
internal static unsafe partial class FusedMoe<TWeight>
{
    private static void GateUpRows(MoeArguments* call, MoeBlock block, TWeight* gate, TWeight* up, int first, int end)
    {
        if (block.Tokens == 1) GateUpRows(1, Math.Min(4 / Projections, IntermediateSize), call, block, gate, up, first, end);
        else if (block.Tokens == 2) GateUpRows(2, Math.Min(4 / Projections, IntermediateSize), call, block, gate, up, first, end);
        else if (RowTokens <= 4 || block.Tokens <= 4) GateUpRows(4, Math.Min(2 / Projections, IntermediateSize), call, block, gate, up, first, end);
        else GateUpRows(8, Math.Min(2 / Projections, IntermediateSize), call, block, gate, up, first, end);
    }

    private static void DownRows(MoeArguments* call, MoeBlock block, TWeight* down, int first, int end)
    {
        if (block.Tokens == 1) DownRows(1, Math.Min(8, HiddenSize), call, block, down, first, end);
        else if (block.Tokens == 2) DownRows(2, Math.Min(4, HiddenSize), call, block, down, first, end);
        else if (RowTokens <= 4 || block.Tokens <= 4) DownRows(4, Math.Min(2, HiddenSize), call, block, down, first, end);
        else DownRows(8, Math.Min(2, HiddenSize), call, block, down, first, end);
    }

    /// <summary>Columns first … end of the intermediate states, <paramref name="columns"/> of them at a time.</summary>
    [SkipLocalsInit]
    private static void GateUpRows(
        [Specialize] int tokens, [Specialize] int columns, MoeArguments* call, MoeBlock block, TWeight* gate, TWeight* up, int first, int end)
    {
        var gates = stackalloc float[tokens * GateUpColumns];
        var ups = stackalloc float[tokens * GateUpColumns];
        var sums = stackalloc float[Projections * columns * tokens];
        var hidden = stackalloc nint[tokens];
        foreach (var t in Static.Range(tokens))
            hidden[t] = call->Plan.Slots[block.FirstSlot + Math.Min(t, block.Tokens - 1)] / TopK * (IntegerSums ? (nint)(2 * HiddenPairs) : call->HiddenStride);

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
            else if (IsQuantized)
            {
                QuantizedDot(
                    Projections * columns, columns, tokens, HiddenSize, GateOf(call, block.Expert), UpOf(call, block.Expert), column, 0,
                    call->Hidden, hidden, HiddenSize, sums);
            }
            else
            {
                var row = (nint)column * HiddenSize;
                Dot(Projections * columns, columns, tokens, HiddenSize, gate + row, up + row, call->Hidden, hidden, HiddenSize, sums);
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

        for (var t = 0; t < block.Tokens; t++)
        {
            if (IntegerSums)
            {
                var inputScale = call->HiddenScales[call->Plan.Slots[block.FirstSlot + t] / TopK];
                ScaleIntegers(gates + (t * GateUpColumns), GateOf(call, block.Expert).Scales + first, inputScale, end - first);
                if (Gated) ScaleIntegers(ups + (t * GateUpColumns), UpOf(call, block.Expert).Scales + first, inputScale, end - first);
            }

            if (Bias || RouterWeightOnInput)
            {
                var routerWeight = RouterWeight(call, call->Plan.Slots[block.FirstSlot + t]);
                var bias = GateUpBias(call, block.Expert) + first;
                FinishRow(gates + (t * GateUpColumns), routerWeight, bias, end - first);
                if (Gated) FinishRow(ups + (t * GateUpColumns), routerWeight, bias + IntermediateSize, end - first);
            }

            ActivateRow(gates + (t * GateUpColumns), ups + (t * GateUpColumns), call->Activations + ((nint)(block.Row + t) * IntermediateSize) + first, end - first);
        }
    }

    /// <summary>Columns first … end of the output, <paramref name="rows"/> weight rows at a time.</summary>
    [SkipLocalsInit]
    private static void DownRows([Specialize] int tokens, [Specialize] int rows, MoeArguments* call, MoeBlock block, TWeight* down, int first, int end)
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
                Dot(rows, rows, tokens, IntermediateSize, weights, weights, call->Activations, activations, IntermediateSize, sums);
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

    /// <summary>
    /// sums [rows, tokens] = weight rows · tokens. Rows below <paramref name="split"/> start at <paramref name="first"/>, the
    /// others at <paramref name="second"/>; two rows are <paramref name="stride"/> apart.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dot(
        [Specialize] int rows, [Specialize] int split, [Specialize] int tokens, [Specialize] int stride, TWeight* first, TWeight* second, float* x, nint* offsets, nint depth, float* sums)
    {
        var offset = Static.Array<nint>(tokens);
        foreach (var t in Static.Range(tokens)) offset[t] = offsets[t];

        var acc = Static.Array<Vector256<float>>(rows, tokens);
        nint k = 0;
        for (; k <= depth - Lanes; k += Lanes)
        {
            var token = Static.Array<Vector256<float>>(tokens);
            foreach (var t in Static.Range(tokens)) token[t] = Vector256.Load(x + offset[t] + k);
            foreach (var r in Static.Range(rows))
            {
                var row = r < split ? first + (r * stride) + k : second + ((r - split) * stride) + k;
                Simd.Prefetch(row + (split * stride)); // the same place of the rows that come next
                var weight = Load(row);
                foreach (var t in Static.Range(tokens)) acc[r, t] = Simd.MultiplyAdd(weight, token[t], acc[r, t]);
            }
        }

        foreach (var r in Static.Range(rows))
        {
            foreach (var t in Static.Range(tokens)) sums[(r * tokens) + t] = Simd.Sum(acc[r, t]);
        }

        if (stride % Lanes != 0)
        {
            for (; k < depth; k++)
            {
                foreach (var r in Static.Range(rows))
                {
                    var weight = LoadScalar(r < split ? first + (r * stride) + k : second + ((r - split) * stride) + k);
                    foreach (var t in Static.Range(tokens)) sums[(r * tokens) + t] += weight * x[offset[t] + k];
                }
            }
        }
    }
}
