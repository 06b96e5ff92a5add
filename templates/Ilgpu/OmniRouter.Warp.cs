using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>One token by one warp.</content>
internal static partial class OmniRouter
{
    /// <summary>Ranks of an axis that are looked at: those of pairs that can be chosen, and one more for what was left out.</summary>
    private const int Listed = TopK < ExpertsPerAxis ? TopK + 1 : ExpertsPerAxis;

    /// <summary>Routes one token.</summary>
    /// <param name="entries">Shared memory of the warp.</param>
    /// <param name="listKeys">The same, for the best logits of the first axis and behind them those of the second.</param>
    /// <param name="listIds">The same, for their keys.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RouteWarp(
        ArrayView<float> x, ArrayView<float> y, ArrayView<float> scores, ArrayView<int> indices, OmniRouterSizes sizes, int token,
        ArrayView<ulong> entries, ArrayView<float> listKeys, ArrayView<int> listIds)
    {
        var lane = Warp.LaneIdx;
        var xRow = token * sizes.XStride;
        var yRow = token * sizes.YStride;
        var scoresRow = token * sizes.ScoresStride;
        var indicesRow = token * sizes.IndicesStride;
        RankAxis(x, xRow, lane, entries, listKeys, listIds, 0);
        RankAxis(y, yRow, lane, entries, listKeys, listIds, Listed);
        Warps.Barrier();

        var start = 0;
        foreach (var a in Static.Range(PairRows))
        {
            WritePairs(a, Math.Min(ExpertsPerAxis, TopK / (a + 1)) - a, start, lane, entries, listKeys, listIds);
            start += (2 * (Math.Min(ExpertsPerAxis, TopK / (a + 1)) - a)) - 1;
        }

        Warps.Barrier();
        var pairs = Static.Array<ulong>(PairSlots);
        foreach (var slot in Static.Range(PairSlots))
        {
            var place = (slot * WarpLanes) + lane;
            pairs[slot] = place < Pairs ? entries[place] : 0ul;
        }

        var orders = Static.Array<uint>(PairSlots);
        foreach (var slot in Static.Range(PairSlots)) orders[slot] = (uint)(pairs[slot] >> 32);

        // The candidates: all pairs from a floor on, at least k of them, or fewer where too many equal it.
        var floor = 1u;
        var count = Pairs;
        if (Pairs > PairRoom)
        {
            var best = 0u;
            foreach (var slot in Static.Range(PairSlots)) best = IntrinsicMath.Max(best, orders[slot]);
            var above = Warps.Max(best) + 1u;
            var round = 0;
            while (count > PairRoom && above - floor > 1u)
            {
                var middle = Middle(floor, above, round++);
                var reach = 0u;
                foreach (var slot in Static.Range(PairSlots)) reach += orders[slot] >= middle ? 1u : 0u;
                var reached = (int)Warps.Sum(reach);
                if (reached >= TopK)
                {
                    floor = middle;
                    count = reached;
                }
                else
                {
                    above = middle;
                }
            }

            var least = count > PairRoom ? above : floor;
            var own = 0;
            foreach (var slot in Static.Range(PairSlots)) own += orders[slot] >= least ? 1 : 0;
            var place = Warps.SumBefore(own, lane);
            count = (int)Warps.Sum((uint)own);

            // Every lane has its pairs: the candidates may take their place.
            Warps.Barrier();
            foreach (var slot in Static.Range(PairSlots))
            {
                if (orders[slot] >= least) entries[place++] = pairs[slot];
            }

            Warps.Barrier();
        }

        // A candidate's rank is the number of those that beat it.
        var candidates = Static.Array<ulong>(PairRoom / WarpLanes);
        var ranks = Static.Array<int>(PairRoom / WarpLanes);
        foreach (var c in Static.Range(PairRoom / WarpLanes)) candidates[c] = (c * WarpLanes) + lane < count ? entries[(c * WarpLanes) + lane] : 0ul;
        for (var other = 0; other < count; other++)
        {
            var entry = entries[other];
            foreach (var c in Static.Range(PairRoom / WarpLanes)) ranks[c] += entry > candidates[c] ? 1 : 0;
        }

        // The k-th score. Pairs that were left out may have it too, but none above it.
        var last = 0u;
        foreach (var c in Static.Range(PairRoom / WarpLanes)) last = ranks[c] == TopK - 1 ? IntrinsicMath.Max(last, (uint)(candidates[c] >> 32)) : last;
        var worst = count < TopK ? floor : Warps.Max(last);
        var isOpen = count < TopK;
        foreach (var a in Static.Range(0, Listed, WarpLanes))
        {
            if (a + lane < Listed)
            {
                var b = TopK / (a + lane + 1);
                if (b < ExpertsPerAxis) isOpen |= Order(listKeys[a + lane] + listKeys[Listed + b]) == worst;
            }
        }

        isOpen = Warps.Ballot(isOpen) != 0u;
        if (worst <= LowestOrder && (listKeys[0] == float.PositiveInfinity || listKeys[Listed] == float.PositiveInfinity))
        {
            if (lane == 0) RouteByDefinition(x, y, scores, indices, sizes, token);
        }
        else
        {
            var decided = 0u;
            foreach (var c in Static.Range(PairRoom / WarpLanes))
            {
                var isBetter = (uint)(candidates[c] >> 32) > worst;
                decided += isBetter ? 1u : 0u;
                if ((c * WarpLanes) + lane < count && ranks[c] < TopK && (isBetter || !isOpen))
                {
                    // The sum again, for an order has no sign of zero.
                    var id = (int)~(uint)candidates[c];
                    scores[scoresRow + ranks[c]] = x[xRow + (id / ExpertsPerAxis)] + y[yRow + (id % ExpertsPerAxis)];
                    indices[indicesRow + ranks[c]] = id;
                }
            }

            var rank = (int)Warps.Sum(decided);
            if (isOpen)
                WriteEquals(x, xRow, y, yRow, scores, scoresRow, indices, indicesRow, lane, listKeys[0], listKeys[Listed], worst, rank, entries);
        }
    }

    /// <summary>Writes the experts from a rank on: of those with a given score the lowest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteEquals(
        ArrayView<float> x, long xRow, ArrayView<float> y, long yRow, ArrayView<float> scores, long scoresRow, ArrayView<int> indices, long indicesRow,
        int lane, float highestX, float highestY, uint order, int rank, ArrayView<ulong> entries)
    {
        // Of the columns only those whose best sum reaches the score, if there is room for their numbers where every lane has read the candidates.
        Warps.Barrier();
        var columns = 0;
        for (var first = 0; first < ExpertsPerAxis; first += WarpLanes)
        {
            var j = first + lane;
            var isOpen = j < ExpertsPerAxis && Order(highestX + y[yRow + j]) >= order;
            var open = Warps.Ballot(isOpen);
            var place = columns + Warps.CountBefore(open, lane);
            if (isOpen && place < EntryRoom) entries[place] = (ulong)j;
            columns += BitOperations.PopCount(open);
        }

        var areAll = columns > EntryRoom;
        columns = areAll ? ExpertsPerAxis : columns;
        Warps.Barrier();
        for (var rows = 0; rows < ExpertsPerAxis && rank < TopK; rows += WarpLanes)
        {
            var own = rows + lane < ExpertsPerAxis ? x[xRow + rows + lane] : float.NaN;
            var open = Warps.Ballot(rows + lane < ExpertsPerAxis && Order(own + highestY) >= order);
            while (open != 0u && rank < TopK)
            {
                var i = BitOperations.TrailingZeroCount(open);
                var key = Warp.Shuffle(own, i);
                for (var first = 0; first < columns && rank < TopK; first += WarpLanes)
                {
                    var exists = first + lane < columns;
                    var j = !exists ? 0 : areAll ? first + lane : (int)entries[first + lane];
                    var score = key + y[yRow + j];
                    var isEqual = exists && Order(score) == order;
                    var equals = Warps.Ballot(isEqual);
                    var place = rank + Warps.CountBefore(equals, lane);
                    if (isEqual && place < TopK)
                    {
                        scores[scoresRow + place] = score;
                        indices[indicesRow + place] = ((rows + i) * ExpertsPerAxis) + j;
                    }

                    rank += BitOperations.PopCount(equals);
                }

                // Not before the inner loop: ILGPU 1.5.3 would do it in each of its rounds.
                open &= open - 1u;
            }
        }
    }
}
