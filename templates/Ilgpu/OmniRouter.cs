using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <summary>
/// The product-key router on a device: the k best of the n² sums Lx[t, i] + Ly[t, j]. A warp routes a token: it ranks the best
/// keys of each axis, then the few pairs of them that can be among the k best.
/// </summary>
/// <remarks>
/// <para>Why few pairs suffice: where (a + 1)(b + 1) &gt; k for the ranks a and b of a pair, at least k other pairs score no less.
/// So the values of the k best all occur among the other pairs, and the pairs above the k-th value are all there. Only
/// which ids have exactly the k-th value may remain open; then the lowest of all n² are sought.</para>
/// <para>Rounding is monotone, −∞ and NaN are no exception; but +∞ plus −∞ is NaN. It matters only where so low a
/// score is among the k best; such a row is left to the definition.</para>
/// </remarks>
[KernelTemplate]
internal static partial class OmniRouter
{
    [Specialize] private const int ExpertsPerAxis = 256;
    [Specialize] private const int TopK = 16;

    /// <summary>Pairs of ranks that can be among the best: Σ min(n, ⌊k / (a + 1)⌋).</summary>
    [Specialize] private const int Pairs = 50;

    /// <summary>Pairs (a, b) of ranks with a ≤ b have a below this: min(n, ⌊√k⌋).</summary>
    [Specialize] private const int PairRows = 4;

    private const int WarpLanes = 32;

    // What DeviceMath.Order makes of −∞.
    private const uint LowestOrder = 0x007F_FFFF;

    /// <summary>A warp for each token, on devices whose warps have 32 lanes.</summary>
    public static void RunWarp(ArrayView<float> x, ArrayView<float> y, ArrayView<float> scores, ArrayView<int> indices, OmniRouterSizes sizes)
    {
        var entries = SharedMemory.Allocate<ulong>(OmniRouterLaunch.MaxWarps * EntryRoom);
        var listKeys = SharedMemory.Allocate<float>(OmniRouterLaunch.MaxWarps * 2 * Listed);
        var listIds = SharedMemory.Allocate<int>(OmniRouterLaunch.MaxWarps * 2 * Listed);
        var warp = Group.IdxX / WarpLanes;
        var token = (Grid.IdxX * (Group.DimX / WarpLanes)) + warp;
        if (token < sizes.Tokens)
        {
            RouteWarp(
                x, y, scores, indices, sizes, token,
                entries.SubView(warp * EntryRoom, EntryRoom), listKeys.SubView(warp * 2 * Listed, 2 * Listed), listIds.SubView(warp * 2 * Listed, 2 * Listed));
        }
    }

    /// <summary>A thread for each token, on any device.</summary>
    public static void RunThread(ArrayView<float> x, ArrayView<float> y, ArrayView<float> scores, ArrayView<int> indices, OmniRouterSizes sizes)
    {
        var token = (Grid.IdxX * Group.DimX) + Group.IdxX;
        if (token < sizes.Tokens) RouteByDefinition(x, y, scores, indices, sizes, token);
    }

    /// <summary>Greater for a better score; 1 for NaN, which is the worst. 0 is no score.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Order(float score) => IntrinsicMath.Max(DeviceMath.Order(score), 1u);

    /// <summary>Looks at every pair in the order of the ids and keeps the best so far in the output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RouteByDefinition(
        ArrayView<float> x, ArrayView<float> y, ArrayView<float> scores, ArrayView<int> indices, OmniRouterSizes sizes, int token)
    {
        var xRow = token * sizes.XStride;
        var yRow = token * sizes.YStride;
        var scoresRow = token * sizes.ScoresStride;
        var indicesRow = token * sizes.IndicesStride;
        var highest = float.NaN;
        for (var j = 0; j < ExpertsPerAxis; j++) highest = Order(y[yRow + j]) > Order(highest) ? y[yRow + j] : highest;

        var count = 0;
        var worst = 0u;
        for (var i = 0; i < ExpertsPerAxis; i++)
        {
            // No sum of the row is above that of the highest key; but +∞ may meet −∞, and then the others are above it.
            var key = x[xRow + i];
            if (count == TopK && highest != float.PositiveInfinity && Order(key + highest) <= worst) continue;
            for (var j = 0; j < ExpertsPerAxis; j++)
            {
                var score = key + y[yRow + j];
                if (count == TopK && Order(score) <= worst) continue;
                var place = count < TopK ? count : TopK - 1;
                while (place > 0 && Order(score) > Order(scores[scoresRow + place - 1]))
                {
                    scores[scoresRow + place] = scores[scoresRow + place - 1];
                    indices[indicesRow + place] = indices[indicesRow + place - 1];
                    place--;
                }

                scores[scoresRow + place] = score;
                indices[indicesRow + place] = (i * ExpertsPerAxis) + j;
                if (count < TopK) count++;
                worst = Order(scores[scoresRow + count - 1]);
            }
        }
    }
}
