using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>
/// The gradients of the logits: each chosen expert's goes to its key on either axis, in the order of the ranks, so that all
/// devices have the same bits. An id that is no expert's goes nowhere.
/// </content>
internal static partial class OmniRouter
{
    private const int RankSlots = (TopK + WarpLanes - 1) / WarpLanes;
    private const int NoKey = -1;

    /// <summary>A warp for each token.</summary>
    public static void RunBackwardWarp(ArrayView<float> gradX, ArrayView<float> gradY, ArrayView<float> gradScores, ArrayView<int> indices, OmniRouterSizes sizes)
    {
        var token = (Grid.IdxX * (Group.DimX / WarpLanes)) + (Group.IdxX / WarpLanes);
        if (token < sizes.Tokens) BackwardWarp(gradX, gradY, gradScores, indices, sizes, token);
    }

    /// <summary>A thread for each token.</summary>
    public static void RunBackwardThread(ArrayView<float> gradX, ArrayView<float> gradY, ArrayView<float> gradScores, ArrayView<int> indices, OmniRouterSizes sizes)
    {
        var token = (Grid.IdxX * Group.DimX) + Group.IdxX;
        if (token >= sizes.Tokens) return;
        var xRow = token * sizes.XStride;
        var yRow = token * sizes.YStride;
        for (var key = 0; key < ExpertsPerAxis; key++)
        {
            gradX[xRow + key] = 0f;
            gradY[yRow + key] = 0f;
        }

        for (var rank = 0; rank < TopK; rank++)
        {
            var id = indices[(token * sizes.IndicesStride) + rank];
            if ((uint)id >= ExpertsPerAxis * ExpertsPerAxis) continue;
            var gradient = gradScores[(token * sizes.ScoresStride) + rank];
            gradX[xRow + (id / ExpertsPerAxis)] += gradient;
            gradY[yRow + (id % ExpertsPerAxis)] += gradient;
        }
    }

    // A lane has a rank and adds up what belongs to its keys; ranks with the same key come to the same sum.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void BackwardWarp(
        ArrayView<float> gradX, ArrayView<float> gradY, ArrayView<float> gradScores, ArrayView<int> indices, OmniRouterSizes sizes, int token)
    {
        var lane = Warp.LaneIdx;
        var xRow = token * sizes.XStride;
        var yRow = token * sizes.YStride;
        var i = Static.Array<int>(RankSlots);
        var j = Static.Array<int>(RankSlots);
        var gradients = Static.Array<float>(RankSlots);
        var sumsX = Static.Array<float>(RankSlots);
        var sumsY = Static.Array<float>(RankSlots);
        foreach (var slot in Static.Range(RankSlots))
        {
            var rank = (slot * WarpLanes) + lane;
            var id = rank < TopK ? indices[(token * sizes.IndicesStride) + rank] : NoKey;
            gradients[slot] = rank < TopK ? gradScores[(token * sizes.ScoresStride) + rank] : 0f;
            var isExpert = (uint)id < ExpertsPerAxis * ExpertsPerAxis;
            i[slot] = isExpert ? id / ExpertsPerAxis : NoKey;
            j[slot] = isExpert ? id % ExpertsPerAxis : NoKey;
        }

        for (var key = lane; key < ExpertsPerAxis; key += WarpLanes)
        {
            gradX[xRow + key] = 0f;
            gradY[yRow + key] = 0f;
        }

        foreach (var slot in Static.Range(RankSlots))
        {
            for (var other = 0; other < TopK - (slot * WarpLanes) && other < WarpLanes; other++)
            {
                var gradient = Warp.Shuffle(gradients[slot], other);
                var otherI = Warp.Shuffle(i[slot], other);
                var otherJ = Warp.Shuffle(j[slot], other);
                foreach (var s in Static.Range(RankSlots))
                {
                    sumsX[s] += otherI == i[s] ? gradient : 0f;
                    sumsY[s] += otherJ == j[s] ? gradient : 0f;
                }
            }
        }

        // The zeros come first.
        Warps.Barrier();
        foreach (var slot in Static.Range(RankSlots))
        {
            if (i[slot] != NoKey)
            {
                gradX[xRow + i[slot]] = sumsX[slot];
                gradY[yRow + j[slot]] = sumsY[slot];
            }
        }
    }
}
