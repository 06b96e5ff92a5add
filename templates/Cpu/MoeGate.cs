using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <summary>
/// The gate of a Mixture-of-Experts layer: the k best experts of every token and their weights. The experts of a token lie
/// in blocks; the largest key of each block is its head. Finding the next expert takes one look at the heads and one at a
/// single block. Several tokens are routed side by side, so that one computes while another waits for its own result.
/// </summary>
/// <remarks>
/// Keys are what the selection compares: biased scores, or without a correction bias the logits themselves, for every
/// scoring function is strictly increasing. Rows that the arithmetic does not cover, those whose k-th best key is no number
/// above −∞, are left to <see cref="GateRow"/>.
/// </remarks>
[KernelTemplate]
internal static unsafe partial class MoeGate<[Specialize] TLogit>
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

    /// <summary>Floats of a vector.</summary>
    [Specialize] private const int Lanes = 8;

    /// <summary>Experts of a block, at most 64: a mask of 64 bits holds its hits.</summary>
    [Specialize] private const int BlockExperts = 32;

    /// <summary>Tokens that are routed side by side when there are enough.</summary>
    [Specialize] private const int TileTokens = 4;

    /// <summary>Whether a vector takes one token per lane instead: for few experts.</summary>
    [Specialize] private const bool TokenPerLane = false;

    /// <summary>Tokens whose logits are widened to single precision at a time; 0 where they have it.</summary>
    [Specialize] private const int WidenedTokens = 0;

    // Softmax divides by what a logit of +∞ makes infinite, and √softplus is infinite itself: such rows take the general definition.
    private const bool Unbounded = Scoring != GateScoring.Sigmoid;

    private const bool BiasedSoftmax = Scoring == GateScoring.Softmax && CorrectionBias;

    private const float Lowest = float.NegativeInfinity;
    private const float Tiny = 1e-20f;

    // Experts that are chosen; the shared ones stand behind them.
    private const int Routed = TopK - SharedExperts;

    private const int GroupSize = Experts / Groups;
    private const int BlocksPerGroup = (GroupSize + BlockExperts - 1) / BlockExperts;
    private const int TailExperts = GroupSize - ((BlocksPerGroup - 1) * BlockExperts);
    private const int Blocks = Groups * BlocksPerGroup;
    private const int BlockVectors = (BlockExperts + Lanes - 1) / Lanes;
    private const int BlockLanes = BlockVectors * Lanes;
    private const int HeadVectors = (Blocks + Lanes - 1) / Lanes;
    private const int HeadLanes = HeadVectors * Lanes;

    // Logits that are already the keys, in whole vectors, are read where they lie.
    private const bool KeysInPlace = !CorrectionBias && TailExperts == BlockExperts && BlockLanes == BlockExperts;
    private const int KeyLanes = KeysInPlace ? 0 : Blocks * BlockLanes;

    /// <summary>Routes the tokens of a call.</summary>
    [SkipLocalsInit]
    internal static void Run(in GateArguments arguments)
    {
        var copy = arguments;
        var call = &copy;
        if (WidenedTokens == 0)
        {
            RouteAll(call);
        }
        else
        {
            var logits = stackalloc float[WidenedTokens * Experts];
            for (var token = 0; token < arguments.Tokens; token += WidenedTokens)
            {
                copy = arguments.Slice<TLogit>(token, Math.Min(WidenedTokens, arguments.Tokens - token));
                for (var t = 0; t < copy.Tokens; t++) Widen((TLogit*)copy.Logits + (t * copy.LogitsStride), logits + (t * Experts));
                copy.Logits = logits;
                copy.LogitsStride = Experts;
                RouteAll(call);
            }
        }
    }

    /// <summary>Routes tokens whose logits have single precision.</summary>
    private static void RouteAll(GateArguments* call)
    {
        var token = 0;
        if (HashTable)
        {
            for (; token < call->Tokens; token++) RouteByTable(call, token);
        }
        else if (Blocks > 64)
        {
            // More heads than a mask has bits: only with dozens of groups, which no published model has.
            for (; token < call->Tokens; token++) RouteAlone(call, token);
        }
        else
        {
            if (TokenPerLane)
            {
                for (; token <= call->Tokens - Lanes; token += Lanes) RouteLanes(call, token);
            }
            else if (TileTokens > 1)
            {
                for (; token <= call->Tokens - TileTokens; token += TileTokens) RouteTile(TileTokens, call, token);
            }

            for (; token < call->Tokens; token++) RouteTile(1, call, token);
        }
    }

    private static void Widen(TLogit* source, float* target)
    {
        if (typeof(TLogit) == typeof(Half)) Simd.Widen((Half*)source, target, Experts);
        else Simd.Widen((BFloat16*)source, target, Experts);
    }

    private static void RouteAlone(GateArguments* call, int token) => GateRow.Route(
        call, token, new GateShape(Experts, TopK, Scoring, CorrectionBias, Groups, TopKGroups, Renormalize, SharedExperts, HashTable));
}
