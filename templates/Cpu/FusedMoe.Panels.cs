using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>Many tokens of one expert: panels [K, tokens], outer products in registers.</content>
internal static unsafe partial class FusedMoe<TWeight>
{
    /// <summary>Part of the reduction whose weights are staged in the first-level cache at a time.</summary>
    [Specialize] private const int DepthBlock = 512;

    /// <summary>Distance of two staged rows: an odd multiple of the cache line keeps them out of each other's sets.</summary>
    private const int StagedStride = DepthBlock + 16;

    private const int TileColumns = GateUpTileRows / Projections;
    private const int GateUpSums = GateUpTileRows * PanelTokens;
    private const int DownSums = (DownColumns + DownTileRows) * PanelTokens;

    /// <summary>Lays the hidden states of a block side by side.</summary>
    private static void PackBlock(void* context, int item)
    {
        var call = (ExpertsArguments*)context;
        var block = call->Plan.Blocks[item];
        if (block.Width == 0) return;

        var rows = stackalloc float*[PanelTokens];
        for (var t = 0; t < block.Tokens; t++)
        {
            var token = call->Plan.Slots[block.FirstSlot + t] / TopK;
            rows[t] = IntegerSums ? (float*)HiddenNumbers(call, token) : call->Hidden + (token * call->HiddenStride);
        }

        Simd.Interleave(rows, block.Tokens, IntegerSums ? HiddenPairs : HiddenSize, call->Packed + ((nint)block.Row * HiddenSize), block.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void GateUpPanels(ExpertsArguments* call, SlotBlock* blocks, int count, TWeight* gate, TWeight* up, int first, int end)
    {
        var staged = stackalloc float[GateUpTileRows * StagedStride];
        var sums = stackalloc float[SegmentBlocks * GateUpSums];
        var rowSums = stackalloc float[MaxRows * GateUpRowSums];
        var hidden = stackalloc nint[MaxRows];
        var rows = RowsOf(blocks, count);
        var panels = rows > 0 ? count - 1 : count;
        for (var t = 0; t < rows; t++) hidden[t] = call->Plan.Slots[blocks[panels].FirstSlot + t] / TopK * (IntegerSums ? (nint)(2 * HiddenPairs) : call->HiddenStride);

        first = Math.Min(first, IntermediateSize - TileColumns);
        for (var i = first; i < end; i += TileColumns)
        {
            int column = Math.Min(i, IntermediateSize - TileColumns); // the last tile steps back rather than overrun
            new Span<float>(sums, panels * GateUpSums).Clear();
            for (var k = 0; k < HiddenSize; k += DepthBlock)
            {
                var depth = Math.Min(DepthBlock, HiddenSize - k);
                if (IntegerSums)
                {
                    foreach (var r in Static.Range(TileColumns))
                    {
                        StagePairs(HiddenSize, GateOf(call, blocks->Expert), column + r, k, (short*)(staged + (r * StagedStride)), depth);
                        if (Gated) StagePairs(HiddenSize, UpOf(call, blocks->Expert), column + r, k, (short*)(staged + ((TileColumns + r) * StagedStride)), depth);
                    }
                }
                else if (IsQuantized)
                {
                    foreach (var r in Static.Range(TileColumns))
                    {
                        Stage(HiddenSize, GateOf(call, blocks->Expert), column + r, k, staged + (r * StagedStride), depth);
                        if (Gated) Stage(HiddenSize, UpOf(call, blocks->Expert), column + r, k, staged + ((TileColumns + r) * StagedStride), depth);
                    }
                }

                var weights = ((nint)column * HiddenSize) + k;
                var next = (((nint)(column + TileColumns) * HiddenSize) + ((nint)k * TileColumns)) / WeightsPerElement;
                var stream = new WeightStream { First = gate + weights, Second = up + weights, Next = (byte*)(gate + next), SecondNext = (byte*)(up + next) };
                for (var p = 0; p < panels; p++)
                {
                    var tokens = call->Packed + ((nint)blocks[p].Row * HiddenSize) + ((nint)(IntegerSums ? k / 2 : k) * blocks[p].Width);
                    MultiplyTile(GateUpTileRows, TileColumns, HiddenSize, stream, p == 0, blocks[p].Width, staged, tokens, depth, sums + (p * GateUpSums));
                }

                if (rows > 0 && IntegerSums)
                {
                    MultiplyIntegerRows(
                        GateUpTileRows, TileColumns, GateUpRowSums, (short*)staged, (short*)call->QuantizedHidden + k, hidden, rows, depth,
                        (int*)rowSums + column - first, k > 0);
                }
                else if (rows > 0)
                {
                    MultiplyRows(
                        GateUpTileRows, TileColumns, HiddenSize, GateUpRowSums, stream, panels == 0, staged, call->Hidden + k, hidden, rows, depth,
                        rowSums + column - first, k > 0);
                }
            }

            for (var p = 0; p < panels; p++)
            {
                var width = blocks[p].Width;
                var gateSums = sums + (p * GateUpSums);
                var upSums = gateSums + (TileColumns * width);
                if (IntegerSums)
                {
                    ScaleGateUpPanel(call, blocks[p], gateSums, GateOf(call, blocks[p].Expert).Scales + column);
                    if (Gated) ScaleGateUpPanel(call, blocks[p], upSums, UpOf(call, blocks[p].Expert).Scales + column);
                }

                if (RouterWeightOnInput) ScaleTokens(call, blocks[p], gateSums, GateUpTileRows);
                if (Bias)
                {
                    var bias = GateUpBias(call, blocks[p].Expert) + column;
                    AddToRows(gateSums, TileColumns, width, bias);
                    if (Gated) AddToRows(upSums, TileColumns, width, bias + IntermediateSize);
                }

                var target = call->Activations + ((nint)blocks[p].Row * IntermediateSize) + ((nint)column * width);
                ActivateRow(gateSums, upSums, target, TileColumns * width);
            }
        }

        if (rows > 0) FinishGateUpRows(call, blocks[panels], GateUpRowSums, rowSums, rowSums + GateUpColumns, first, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void DownPanels(ExpertsArguments* call, SlotBlock* blocks, int count, TWeight* down, int first, int end)
    {
        var staged = stackalloc float[DownTileRows * StagedStride];
        var sums = stackalloc float[SegmentBlocks * DownSums];
        var rowSums = stackalloc float[MaxRows * DownColumns];
        var activations = stackalloc nint[MaxRows];
        var rows = RowsOf(blocks, count);
        var panels = rows > 0 ? count - 1 : count;
        for (var t = 0; t < rows; t++) activations[t] = (nint)(blocks[panels].Row + t) * (IntegerSums ? 2 * IntermediateSize : IntermediateSize);

        first = Math.Min(first, HiddenSize - DownTileRows);
        for (var h = first; h < end; h += DownTileRows)
        {
            int column = Math.Min(h, HiddenSize - DownTileRows);
            for (var p = 0; p < panels; p++)
            {
                var width = blocks[p].Width;
                new Span<float>(sums + (p * DownSums) + ((column - first) * width), DownTileRows * width).Clear();
            }

            for (var k = 0; k < IntermediateSize; k += DepthBlock)
            {
                var depth = Math.Min(DepthBlock, IntermediateSize - k);
                if (IntegerSums)
                {
                    foreach (var r in Static.Range(DownTileRows))
                        StagePairs(IntermediateSize, DownOf(call, blocks->Expert), column + r, k, (short*)(staged + (r * StagedStride)), depth);
                }
                else if (IsQuantized)
                {
                    foreach (var r in Static.Range(DownTileRows)) Stage(IntermediateSize, DownOf(call, blocks->Expert), column + r, k, staged + (r * StagedStride), depth);
                }

                var next = (((nint)(column + DownTileRows) * IntermediateSize) + ((nint)k * DownTileRows)) / WeightsPerElement;
                var stream = new WeightStream { First = down + ((nint)column * IntermediateSize) + k, Next = (byte*)(down + next) };
                for (var p = 0; p < panels; p++)
                {
                    var width = blocks[p].Width;
                    var tokens = call->Activations + ((nint)blocks[p].Row * IntermediateSize) + ((nint)(IntegerSums ? k / 2 : k) * width);
                    MultiplyTile(
                        DownTileRows, DownTileRows, IntermediateSize, stream, p == 0, width, staged, tokens, depth, sums + (p * DownSums) + ((column - first) * width));
                }

                if (rows > 0 && IntegerSums)
                {
                    MultiplyIntegerRows(
                        DownTileRows, DownTileRows, DownColumns, (short*)staged, (short*)call->Activations + k, activations, rows, depth,
                        (int*)rowSums + column - first, k > 0);
                }
                else if (rows > 0)
                {
                    MultiplyRows(
                        DownTileRows, DownTileRows, IntermediateSize, DownColumns, stream, panels == 0, staged, call->Activations + k, activations, rows, depth,
                        rowSums + column - first, k > 0);
                }
            }
        }

        for (var t = 0; t < rows; t++)
        {
            var target = rowSums + (t * DownColumns);
            if (IntegerSums) ScaleIntegers(target, DownOf(call, blocks->Expert).Scales + first, call->ActivationScales[blocks[panels].Row + t], end - first);
            FinishDownRow(call, call->Plan.Slots[blocks[panels].FirstSlot + t], target, first, end - first);
        }

        var outputs = stackalloc float*[PanelTokens];
        var scales = stackalloc float[PanelTokens];
        for (var p = 0; p < panels; p++)
        {
            for (var t = 0; t < blocks[p].Tokens; t++)
            {
                var slot = call->Plan.Slots[blocks[p].FirstSlot + t];
                outputs[t] = call->SlotOutputs + ((nint)slot * HiddenSize) + first;
                scales[t] = RouterWeightOnInput ? 1f : RouterWeight(call, slot);
            }

            if (IntegerSums)
            {
                var rowScales = DownOf(call, blocks[p].Expert).Scales + first;
                ScaleIntegerPanel(sums + (p * DownSums), end - first, blocks[p].Width, rowScales, call->ActivationScales + blocks[p].Row);
            }

            if (Bias) AddToRows(sums + (p * DownSums), end - first, blocks[p].Width, DownBias(call, blocks[p].Expert) + first);

            Simd.Deinterleave(sums + (p * DownSums), blocks[p].Width, end - first, outputs, scales, blocks[p].Tokens);
        }
    }

    private static void MultiplyTile(
        [Specialize] int rows, [Specialize] int split, [Specialize] int stride, WeightStream stream, bool isFirst, int width, float* staged, float* tokens, int depth, float* sums)
    {
        if (IntegerSums)
        {
            int pairs = (depth + 1) / 2;
            if (width == PanelTokens) IntegerTile(rows, split, TileVectors, stream, isFirst, (int*)staged, (int*)tokens, pairs, (int*)sums);
            else IntegerTile(rows, split, 1, stream, isFirst, (int*)staged, (int*)tokens, pairs, (int*)sums);
        }
        else if (width == PanelTokens)
        {
            if (isFirst) Tile(rows, split, stride, TileVectors, true, stream, staged, tokens, depth, sums);
            else Tile(rows, split, stride, TileVectors, false, stream, staged, tokens, depth, sums);
        }
        else
        {
            if (isFirst) Tile(rows, split, stride, 1, true, stream, staged, tokens, depth, sums);
            else Tile(rows, split, stride, 1, false, stream, staged, tokens, depth, sums);
        }
    }

    /// <summary>
    /// Adds to sums [rows, width] the products of staged weights [rows, depth] and tokens [depth, width]. The first to use a
    /// tile's weights stages them a vector ahead, and asks for the next tile's: memory and arithmetic overlap.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile(
        [Specialize] int rows, [Specialize] int split, [Specialize] int stride, [Specialize] int vectors, [Specialize] bool isFirst,
        WeightStream stream, float* staged, float* tokens, nint depth, float* sums)
    {
        var stages = isFirst && !IsQuantized;
        var first = stream.First;
        var second = stream.Second;
        var ask = stream.Next;
        var askSecond = stream.SecondNext;
        if (stages) StageEnds(rows, split, stride, stream, staged, depth);

        var acc = Static.Array<Vector256<float>>(rows, vectors);
        foreach (var r in Static.Range(rows))
        {
            foreach (var v in Static.Range(vectors)) acc[r, v] = Vector256.Load(sums + (((r * vectors) + v) * Lanes));
        }

        nint k = 0;
        while (k < depth)
        {
            nint end = depth;
            if (stages)
            {
                end = Math.Min(k + Lanes, depth);
                if (end <= depth - Lanes)
                {
                    foreach (var r in Static.Range(rows))
                        Load((r < split ? first + (r * stride) : second + ((r - split) * stride)) + end).Store(staged + (r * StagedStride) + end);
                }
            }

            for (; k < end; k++)
            {
                if (isFirst)
                {
                    Simd.PrefetchSoon(ask);
                    ask += split * sizeof(TWeight) / WeightsPerElement;
                    if (split < rows)
                    {
                        Simd.PrefetchSoon(askSecond);
                        askSecond += split * sizeof(TWeight) / WeightsPerElement;
                    }
                }

                var token = Static.Array<Vector256<float>>(vectors);
                foreach (var v in Static.Range(vectors)) token[v] = Vector256.Load(tokens + (v * Lanes));
                foreach (var r in Static.Range(rows))
                {
                    var weight = Vector256.Create(staged[(r * StagedStride) + k]);
                    foreach (var v in Static.Range(vectors)) acc[r, v] = Simd.MultiplyAdd(weight, token[v], acc[r, v]);
                }

                tokens += vectors * Lanes;
            }
        }

        foreach (var r in Static.Range(rows))
        {
            foreach (var v in Static.Range(vectors)) acc[r, v].Store(sums + (((r * vectors) + v) * Lanes));
        }
    }

    /// <summary>Stages the first vector of each row, and the numbers behind the last.</summary>
    private static void StageEnds([Specialize] int rows, [Specialize] int split, [Specialize] int stride, WeightStream stream, float* staged, nint depth)
    {
        foreach (var r in Static.Range(rows))
        {
            var row = r < split ? stream.First + (r * stride) : stream.Second + ((r - split) * stride);
            if (depth >= Lanes) Load(row).Store(staged + (r * StagedStride));
            if (stride % Lanes != 0)
            {
                for (var k = depth / Lanes * Lanes; k < depth; k++) staged[(r * StagedStride) + k] = LoadScalar(row + k);
            }
        }
    }

    /// <summary>Where the weights of a tile come from: its rows, those of gate projections before those of up projections, and the next tile's.</summary>
    private struct WeightStream
    {
        public TWeight* First;
        public TWeight* Second;
        public byte* Next;
        public byte* SecondNext;
    }
}
