using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;

namespace KernelGen.Templates.Cpu;

/// <content>
/// Split-K: slices of the reduction are work items of their own, so that few tokens occupy every processor. A second
/// phase adds the partial sums in the order of the slices: same bits on every run.
/// </content>
internal static unsafe partial class FusedMoe<TWeight>
{
    private const int HiddenSlice = (HiddenSize + (SplitK * SliceUnit) - 1) / (SplitK * SliceUnit) * SliceUnit;
    private const int IntermediateSlice = (IntermediateSize + (SplitK * SliceUnit) - 1) / (SplitK * SliceUnit) * SliceUnit;
    private const int SliceColumns = IntermediateSize < 4 / Projections ? IntermediateSize : 4 / Projections;
    private const int SliceRows = HiddenSize < 4 ? 1 : 4;

    /// <summary>First product, one slice of the hidden size: gate sums and, if there are such, up sums [rows, 2I].</summary>
    [SkipLocalsInit]
    private static void GateUpSlice(void* context, int item)
    {
        var call = (ExpertsArguments*)context;
        var slice = item % SplitK;
        var segment = call->Plan.Segments[item / SplitK / GateUpItems];
        var first = item / SplitK % GateUpItems * GateUpColumns;
        var end = Math.Min(first + GateUpColumns, IntermediateSize);
        var begin = Math.Min(slice * HiddenSlice, HiddenSize);
        var depth = Math.Min(HiddenSlice, HiddenSize - begin);
        var gate = (TWeight*)call->Gate[segment.Expert] + begin;
        var up = (TWeight*)call->Up[segment.Expert] + begin;
        var sums = stackalloc float[Projections * SliceColumns];
        for (var row = FirstRow(call, segment); row < EndRow(call, segment); row++)
        {
            nint hidden = call->Plan.Slots[row] / TopK * (IntegerSums ? (nint)(2 * HiddenPairs) : call->HiddenStride);
            var target = Partial(call, slice, row, GateUpWidth);
            for (var i = first; i < end; i += SliceColumns)
            {
                var column = Math.Min(i, IntermediateSize - SliceColumns);
                if (IntegerSums)
                {
                    IntegerDot(
                        Projections * SliceColumns, SliceColumns, 1, HiddenSize, GateOf(call, segment.Expert), UpOf(call, segment.Expert), column, begin,
                        (short*)call->QuantizedHidden + begin, &hidden, depth, (int*)sums);
                }
                else if (IsQuantized)
                {
                    QuantizedDot(
                        Projections * SliceColumns, SliceColumns, 1, HiddenSize, GateOf(call, segment.Expert), UpOf(call, segment.Expert), column, begin,
                        call->Hidden + begin, &hidden, depth, sums);
                }
                else
                {
                    foreach (var r in Static.Range(SliceColumns))
                    {
                        var weights = (nint)(column + r) * HiddenSize;
                        Dot(1, HiddenSize, gate + weights, call->Hidden + begin, &hidden, depth, sums + r, 1);
                        if (Gated) Dot(1, HiddenSize, up + weights, call->Hidden + begin, &hidden, depth, sums + SliceColumns + r, 1);
                    }
                }

                foreach (var r in Static.Range(SliceColumns))
                {
                    target[column + r] = sums[r];
                    if (Gated) target[IntermediateSize + column + r] = sums[SliceColumns + r];
                }
            }
        }
    }

    /// <summary>Adds the slices of one row, then the biases, and applies the activation.</summary>
    private static void ReduceGateUp(void* context, int row)
    {
        var call = (ExpertsArguments*)context;
        var sums = Partial(call, 0, row, GateUpWidth);
        AddSlices(call, sums, row, GateUpWidth);
        if (IntegerSums)
        {
            var expert = ExpertOf(call, call->Plan.Slots[row]);
            var inputScale = call->HiddenScales[call->Plan.Slots[row] / TopK];
            ScaleIntegers(sums, GateOf(call, expert).Scales, inputScale, IntermediateSize);
            if (Gated) ScaleIntegers(sums + IntermediateSize, UpOf(call, expert).Scales, inputScale, IntermediateSize);
        }

        if (Bias || RouterWeightOnInput)
        {
            var slot = call->Plan.Slots[row];
            FinishRow(sums, RouterWeight(call, slot), GateUpBias(call, ExpertOf(call, slot)), GateUpWidth);
        }

        ActivateRow(sums, sums + IntermediateSize, call->Activations + ((nint)row * IntermediateSize), IntermediateSize);
    }

    /// <summary>Second product, one slice of the intermediate size: output sums [rows, H].</summary>
    [SkipLocalsInit]
    private static void DownSlice(void* context, int item)
    {
        var call = (ExpertsArguments*)context;
        var slice = item % SplitK;
        var segment = call->Plan.Segments[item / SplitK / DownItems];
        var first = item / SplitK % DownItems * DownColumns;
        var end = Math.Min(first + DownColumns, HiddenSize);
        var begin = Math.Min(slice * IntermediateSlice, IntermediateSize);
        var depth = Math.Min(IntermediateSlice, IntermediateSize - begin);
        var down = (TWeight*)call->Down[segment.Expert] + begin;
        var sums = stackalloc float[SliceRows]; // not the target: another item may step back into the same columns
        for (var row = FirstRow(call, segment); row < EndRow(call, segment); row++)
        {
            nint activations = ((nint)row * (IntegerSums ? 2 * IntermediateSize : IntermediateSize)) + begin;
            var target = Partial(call, slice, row, HiddenSize);
            for (var h = first; h < end; h += SliceRows)
            {
                var column = Math.Min(h, HiddenSize - SliceRows);
                if (IntegerSums)
                {
                    var matrix = DownOf(call, segment.Expert);
                    IntegerDot(
                        SliceRows, SliceRows, 1, IntermediateSize, matrix, matrix, column, begin, (short*)call->Activations, &activations, depth, (int*)sums);
                }
                else if (IsQuantized)
                {
                    var matrix = DownOf(call, segment.Expert);
                    QuantizedDot(SliceRows, SliceRows, 1, IntermediateSize, matrix, matrix, column, begin, call->Activations, &activations, depth, sums);
                }
                else
                {
                    foreach (var r in Static.Range(SliceRows))
                        Dot(1, IntermediateSize, down + ((nint)(column + r) * IntermediateSize), call->Activations, &activations, depth, sums + r, 1);
                }

                foreach (var r in Static.Range(SliceRows)) target[column + r] = sums[r];
            }
        }
    }

    /// <summary>Adds the slices of one row, then the bias, and applies its router weight.</summary>
    private static void ReduceDown(void* context, int row)
    {
        var call = (ExpertsArguments*)context;
        var sums = Partial(call, 0, row, HiddenSize);
        AddSlices(call, sums, row, HiddenSize);
        var slot = call->Plan.Slots[row];
        if (IntegerSums) ScaleIntegers(sums, DownOf(call, ExpertOf(call, slot)).Scales, call->ActivationScales[row], HiddenSize);
        var scale = RouterWeightOnInput ? 1f : RouterWeight(call, slot);
        var output = call->SlotOutputs + ((nint)slot * HiddenSize);
        if (Bias)
        {
            var bias = DownBias(call, ExpertOf(call, slot));
            for (var h = 0; h < HiddenSize; h++) output[h] = (sums[h] + bias[h]) * scale;
        }
        else
        {
            for (var h = 0; h < HiddenSize; h++) output[h] = sums[h] * scale;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddSlices(ExpertsArguments* call, float* sums, int row, [Specialize] int width)
    {
        foreach (var slice in Static.Range(1, SplitK))
        {
            var partial = Partial(call, slice, row, width);
            var i = 0;
            if (IntegerSums)
            {
                for (; i <= width - Lanes; i += Lanes) (Vector256.Load((int*)sums + i) + Vector256.Load((int*)partial + i)).Store((int*)sums + i);
                for (; i < width; i++) ((int*)sums)[i] += ((int*)partial)[i];
            }

            for (; i <= width - Lanes; i += Lanes) (Vector256.Load(sums + i) + Vector256.Load(partial + i)).Store(sums + i);
            if (width % Lanes != 0)
            {
                for (; i < width; i++) sums[i] += partial[i];
            }
        }
    }

    private static int ExpertOf(ExpertsArguments* call, int slot) => call->Experts[(slot / TopK * call->ExpertsStride) + (slot % TopK)];

    private static float* Partial(ExpertsArguments* call, int slice, int row, int width) =>
        call->Partials + ((((nint)slice * call->Plan.Rows) + row) * width);

    private static int FirstRow(ExpertsArguments* call, SlotSegment segment) => call->Plan.Blocks[segment.FirstBlock].Row;

    private static int EndRow(ExpertsArguments* call, SlotSegment segment)
    {
        var last = call->Plan.Blocks[segment.FirstBlock + segment.BlockCount - 1];
        return last.Row + last.Tokens;
    }
}
