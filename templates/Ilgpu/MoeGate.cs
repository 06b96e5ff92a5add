using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <summary>
/// The gate of a Mixture-of-Experts layer on a device: the k best experts of every token and their weights. A warp routes a
/// token; its lanes hold the keys of all experts in registers. Every row is read once.
/// </summary>
/// <remarks>
/// Keys are what the selection compares: biased scores, or without a correction bias the logits themselves, for every scoring
/// function is strictly increasing. Rows that the arithmetic does not cover, such as those whose k-th best key is no number
/// above −∞, are left to the strided selection, which is slow and covers all.
/// </remarks>
[KernelTemplate]
internal static partial class MoeGate<[Specialize] TLogit>
    where TLogit : unmanaged
{
    [Specialize] private const int Experts = 384;
    [Specialize] private const int TopK = 6;
    [Specialize] private const GateScoring Scoring = GateScoring.Sigmoid;
    [Specialize] private const bool CorrectionBias = true;
    [Specialize] private const int Groups = 1;
    [Specialize] private const int TopKGroups = 1;
    [Specialize] private const bool Renormalize = true;
    [Specialize] private const int SharedExperts = 0;
    [Specialize] private const bool HashTable = false;

    /// <summary>Whether the lanes of a warp hold the keys of a token.</summary>
    [Specialize] private const bool InRegisters = true;

    /// <summary>Logits that a lane reads at once, 4 or 1.</summary>
    [Specialize] private const int VectorWidth = 4;

    /// <summary>Equal parts of a warp, one for each group of experts: <see cref="Groups"/> rounded up to a power of two.</summary>
    [Specialize] private const int GroupParts = 1;

    private const int WarpLanes = 32;
    private const float Lowest = float.NegativeInfinity;
    private const float Tiny = 1e-20f;

    // Experts that are chosen; the shared ones stand behind them.
    private const int Routed = TopK - SharedExperts;
    private const int GroupSize = Experts / Groups;

    /// <summary>A warp for each token, on devices whose warps have 32 lanes. The rows of logits are aligned to what a lane reads at once.</summary>
    public static void RunWarp(
        ArrayView<TLogit> logits, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts, ArrayView<int> tokenIds, ArrayView<int> table, GateSizes sizes)
    {
        var places = SharedMemory.Allocate<ulong>(GateLaunch.WarpsPerBlock * WarpLanes);
        var warp = Group.IdxX / WarpLanes;
        var token = (Grid.IdxX * (Group.DimX / WarpLanes)) + warp;
        if (token < sizes.RoutedTokens)
        {
            if (InRegisters && !HashTable) RouteWarp(logits, bias, weights, experts, tokenIds, table, sizes, token, places.SubView(warp * WarpLanes, WarpLanes));
            else RouteStrided(WarpLanes, logits, bias, weights, experts, tokenIds, table, sizes, token);
        }
        else if (token < sizes.Tokens)
        {
            WritePadding(WarpLanes, weights, experts, sizes, token);
        }
    }

    /// <summary>A warp for each token, wherever the rows of logits lie.</summary>
    public static void RunUnaligned(
        ArrayView<TLogit> logits, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts, ArrayView<int> tokenIds, ArrayView<int> table, GateSizes sizes)
    {
        var token = (Grid.IdxX * (Group.DimX / WarpLanes)) + (Group.IdxX / WarpLanes);
        if (token < sizes.RoutedTokens) RouteStrided(WarpLanes, logits, bias, weights, experts, tokenIds, table, sizes, token);
        else if (token < sizes.Tokens) WritePadding(WarpLanes, weights, experts, sizes, token);
    }

    /// <summary>A thread for each token, on any device.</summary>
    public static void RunThread(
        ArrayView<TLogit> logits, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts, ArrayView<int> tokenIds, ArrayView<int> table, GateSizes sizes)
    {
        var token = (Grid.IdxX * Group.DimX) + Group.IdxX;
        if (token < sizes.RoutedTokens) RouteStrided(1, logits, bias, weights, experts, tokenIds, table, sizes, token);
        else if (token < sizes.Tokens) WritePadding(1, weights, experts, sizes, token);
    }

    /// <summary>A token that is not routed has no expert.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WritePadding([Specialize] int lanes, ArrayView<float> weights, ArrayView<int> experts, GateSizes sizes, int token)
    {
        for (var rank = lanes == 1 ? 0 : Warp.LaneIdx; rank < TopK; rank += lanes)
        {
            weights[(token * sizes.WeightsStride) + rank] = 0f;
            experts[(token * sizes.ExpertsStride) + rank] = -1;
        }
    }

    /// <summary>A score that is each expert's own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Score(float logit) => Scoring == GateScoring.Sigmoid ? DeviceMath.Sigmoid(logit) : DeviceMath.SqrtSoftplus(logit);
}
