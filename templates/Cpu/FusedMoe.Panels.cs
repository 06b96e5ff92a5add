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
    private const int DepthBlock = 512;

    /// <summary>Distance of two staged rows: an odd multiple of the cache line keeps them out of each other's sets.</summary>
    private const int StagedStride = DepthBlock + 16;

    private const int TileColumns = GateUpTileRows / Projections;
    private const int GateUpSums = GateUpTileRows * PanelTokens;
    private const int DownSums = (DownColumns + DownTileRows) * PanelTokens;

    /// <summary>Lays the hidden states of a block side by side.</summary>
    private static void PackBlock(void* context, int item)
    {
        var call = (MoeArguments*)context;
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
    private static void GateUpPanels(MoeArguments* call, MoeBlock* blocks, int panels, TWeight* gate, TWeight* up, int first, int end)
    {
        var staged = stackalloc float[GateUpTileRows * StagedStride];
        var sums = stackalloc float[SegmentBlocks * GateUpSums];
        for (var i = first; i < end; i += TileColumns)
        {
            int column = Math.Min(i, IntermediateSize - TileColumns); // the last tile steps back rather than overrun
            new Span<float>(sums, panels * GateUpSums).Clear();
            for (var k = 0; k < HiddenSize; k += DepthBlock)
            {
                var depth = Math.Min(DepthBlock, HiddenSize - k);
                foreach (var r in Static.Range(TileColumns))
                {
                    if (IntegerSums)
                    {
                        StagePairs(HiddenSize, TileColumns, GateOf(call, blocks->Expert), column + r, k, (short*)(staged + (r * StagedStride)), depth);
                        if (Gated) StagePairs(HiddenSize, TileColumns, UpOf(call, blocks->Expert), column + r, k, (short*)(staged + ((TileColumns + r) * StagedStride)), depth);
                    }
                    else if (IsQuantized)
                    {
                        Stage(HiddenSize, TileColumns, GateOf(call, blocks->Expert), column + r, k, staged + (r * StagedStride), depth);
                        if (Gated) Stage(HiddenSize, TileColumns, UpOf(call, blocks->Expert), column + r, k, staged + ((TileColumns + r) * StagedStride), depth);
                    }
                    else
                    {
                        var row = ((nint)(column + r) * HiddenSize) + k;
                        Widen(gate + row, staged + (r * StagedStride), depth);
                        if (Gated) Widen(up + row, staged + ((TileColumns + r) * StagedStride), depth);
                        Simd.PrefetchRow(gate + row + (TileColumns * HiddenSize), depth * sizeof(TWeight)); // for the next tile
                        if (Gated) Simd.PrefetchRow(up + row + (TileColumns * HiddenSize), depth * sizeof(TWeight));
                    }
                }

                for (var p = 0; p < panels; p++)
                {
                    var tokens = call->Packed + ((nint)blocks[p].Row * HiddenSize) + ((nint)(IntegerSums ? k / 2 : k) * blocks[p].Width);
                    MultiplyTile(GateUpTileRows, blocks[p].Width, staged, tokens, depth, sums + (p * GateUpSums));
                }
            }

            for (var p = 0; p < panels; p++)
            {
                var width = blocks[p].Width;
                var gates = sums + (p * GateUpSums);
                var ups = gates + (TileColumns * width);
                if (IntegerSums)
                {
                    ScaleGateUpPanel(call, blocks[p], gates, GateOf(call, blocks[p].Expert).Scales + column);
                    if (Gated) ScaleGateUpPanel(call, blocks[p], ups, UpOf(call, blocks[p].Expert).Scales + column);
                }

                if (RouterWeightOnInput) ScaleTokens(call, blocks[p], gates, GateUpTileRows);
                if (Bias)
                {
                    var bias = GateUpBias(call, blocks[p].Expert) + column;
                    AddToRows(gates, TileColumns, width, bias);
                    if (Gated) AddToRows(ups, TileColumns, width, bias + IntermediateSize);
                }

                var target = call->Activations + ((nint)blocks[p].Row * IntermediateSize) + ((nint)column * width);
                ActivateRow(gates, ups, target, TileColumns * width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void DownPanels(MoeArguments* call, MoeBlock* blocks, int panels, TWeight* down, int first, int end)
    {
        var staged = stackalloc float[DownTileRows * StagedStride];
        var sums = stackalloc float[SegmentBlocks * DownSums];
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
                foreach (var r in Static.Range(DownTileRows))
                {
                    if (IntegerSums)
                    {
                        StagePairs(IntermediateSize, DownTileRows, DownOf(call, blocks->Expert), column + r, k, (short*)(staged + (r * StagedStride)), depth);
                    }
                    else if (IsQuantized)
                    {
                        Stage(IntermediateSize, DownTileRows, DownOf(call, blocks->Expert), column + r, k, staged + (r * StagedStride), depth);
                    }
                    else
                    {
                        var row = down + ((nint)(column + r) * IntermediateSize) + k;
                        Widen(row, staged + (r * StagedStride), depth);
                        Simd.PrefetchRow(row + (DownTileRows * IntermediateSize), depth * sizeof(TWeight));
                    }
                }

                for (var p = 0; p < panels; p++)
                {
                    var width = blocks[p].Width;
                    var tokens = call->Activations + ((nint)blocks[p].Row * IntermediateSize) + ((nint)(IntegerSums ? k / 2 : k) * width);
                    MultiplyTile(DownTileRows, width, staged, tokens, depth, sums + (p * DownSums) + ((column - first) * width));
                }
            }
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

    private static void MultiplyTile([Specialize] int rows, int width, float* staged, float* tokens, int depth, float* sums)
    {
        if (IntegerSums)
        {
            int pairs = (depth + 1) / 2;
            if (width == PanelTokens) IntegerTile(rows, TileVectors, (int*)staged, (int*)tokens, pairs, (int*)sums);
            else IntegerTile(rows, 1, (int*)staged, (int*)tokens, pairs, (int*)sums);
        }
        else if (width == PanelTokens)
        {
            Tile(rows, TileVectors, staged, tokens, depth, sums);
        }
        else
        {
            Tile(rows, 1, staged, tokens, depth, sums);
        }
    }

    /// <summary>Adds to sums [rows, width] the products of staged weights [rows, depth] and tokens [depth, width].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile([Specialize] int rows, [Specialize] int vectors, float* staged, float* tokens, nint depth, float* sums)
    {
        var acc = Static.Array<Vector256<float>>(rows, vectors);
        foreach (var r in Static.Range(rows))
        {
            foreach (var v in Static.Range(vectors)) acc[r, v] = Vector256.Load(sums + (((r * vectors) + v) * Lanes));
        }

        for (nint k = 0; k < depth; k++)
        {
            var token = Static.Array<Vector256<float>>(vectors);
            foreach (var v in Static.Range(vectors)) token[v] = Vector256.Load(tokens + (v * Lanes));
            foreach (var r in Static.Range(rows))
            {
                var weight = Vector256.Create(staged[(r * StagedStride) + k]);
                foreach (var v in Static.Range(vectors)) acc[r, v] = Simd.MultiplyAdd(weight, token[v], acc[r, v]);
            }

            tokens += vectors * Lanes;
        }

        foreach (var r in Static.Range(rows))
        {
            foreach (var v in Static.Range(vectors)) acc[r, v].Store(sums + (((r * vectors) + v) * Lanes));
        }
    }
}
