using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>One row at a time, or a few side by side.</content>
internal static unsafe partial class MoeGate<TLogit>
{
    /// <summary>Routes a few tokens side by side: their chains of dependent steps overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void RouteTile([Specialize] int tokens, GateArguments* call, int token)
    {
        var buffer = stackalloc float[(tokens * KeyLanes) + (tokens * ChosenLanes) + ((HeadLanes + 1) * Lanes) + HeadLanes];
        var maxima = (Vector256<float>*)Aligned(buffer);
        var blockHeads = (float*)(maxima + HeadLanes);
        var chosen = blockHeads + HeadLanes;
        nint logitsStride = call->LogitsStride;
        float* logits = (float*)call->Logits + (token * logitsStride);
        float* keys = KeysInPlace ? logits : chosen + (tokens * ChosenLanes);
        nint keyStride = KeysInPlace ? logitsStride : KeyLanes;
        nint expertsStride = call->ExpertsStride;
        int* experts = call->Experts + (token * expertsStride);

        var heads = Static.Array<Vector256<float>>(tokens, HeadVectors);
        foreach (var lane in Static.Range(Blocks, HeadLanes)) maxima[lane] = Vector256.Create(Lowest);
        foreach (var t in Static.Range(tokens))
        {
            if (BiasedSoftmax) WriteSoftmaxKeys(logits + (t * logitsStride), call->CorrectionBias, keys + (t * keyStride));
            else if (!KeysInPlace) WriteKeys(logits + (t * logitsStride), call->CorrectionBias, keys + (t * keyStride));
            WriteHeads(keys + (t * keyStride), maxima, blockHeads);
            if (Groups > 1) CloseGroups(keys + (t * keyStride), maxima, blockHeads);
            foreach (var v in Static.Range(HeadVectors)) heads[t, v] = Vector256.Load(blockHeads + (v * Lanes));
            Vector256.Create(Lowest).Store(chosen + (t * ChosenLanes) + ChosenLanes - Lanes);
        }

        // Equal keys go one by one, the lowest expert first: `taken` marks those of the block at hand that went already.
        var taken = Static.Array<ulong>(tokens);
        var worst = Static.Array<float>(tokens);
        for (var rank = 0; rank < Routed; rank++)
        {
            foreach (var t in Static.Range(tokens))
            {
                // The best expert's block is the first whose head is the best key; the expert, the first of the block that has it.
                var best = heads[t, 0];
                foreach (var v in Static.Range(1, HeadVectors)) best = Simd.Larger(best, heads[t, v]);
                best = Simd.MaxAcross(best);
                var blocks = Hits(heads[t, 0], best);
                foreach (var v in Static.Range(1, HeadVectors)) blocks |= Hits(heads[t, v], best) << (v * Lanes);
                var block = BitOperations.TrailingZeroCount(blocks);

                float* blockKeys = keys + (t * keyStride) + (block * BlockLanes);
                var hits = 0UL;
                var next = Vector256.Create(Lowest);
                foreach (var v in Static.Range(BlockVectors))
                {
                    var key = Vector256.Load(blockKeys + (v * Lanes));
                    hits |= Hits(key, best) << (v * Lanes);
                    next = Simd.Larger(Below(key, best), next);
                }

                hits &= ~taken[t];
                int expert = Math.Min(FirstExpert(block) + BitOperations.TrailingZeroCount(hits), Experts - 1);
                experts[(t * expertsStride) + rank] = expert;
                chosen[(t * ChosenLanes) + rank] = logits[(t * logitsStride) + expert];
                var others = hits & (hits - 1);
                if (others == 0)
                {
                    taken[t] = 0;
                    next = Simd.MaxAcross(next);
                }
                else
                {
                    taken[t] |= hits ^ others;
                    next = best;
                }

                // The block's head is now its next best.
                foreach (var v in Static.Range(HeadVectors))
                {
                    var here = Vector256.Equals(Vector256.LoadUnsafe(in Simd.LaneNumbers(v * Lanes)), Vector256.Create(block)).AsSingle();
                    heads[t, v] = Vector256.ConditionalSelect(here, next, heads[t, v]);
                }

                worst[t] = best.ToScalar();
            }
        }

        foreach (var t in Static.Range(tokens))
        {
            if (worst[t] > Lowest) WriteWeights(call, token + t, chosen + (t * ChosenLanes));
            else RouteAlone(call, token + t);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Hits(Vector256<float> keys, Vector256<float> best) => Vector256.Equals(keys, best).ExtractMostSignificantBits();

    /// <summary>The keys that come after the best: without its equals and those taken before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Below(Vector256<float> keys, Vector256<float> best) =>
        Vector256.ConditionalSelect(Vector256.LessThan(keys, best), keys, Vector256.Create(Lowest));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int FirstExpert(int block) => Groups == 1 || FullBlocks == BlocksPerGroup
        ? block * BlockExperts
        : (block / BlocksPerGroup * GroupSize) + (block % BlocksPerGroup * BlockExperts);

    /// <summary>The first address from here on that a vector can be loaded from without crossing a cache line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Aligned(float* address) => (float*)(((nuint)address + (Lanes * sizeof(float)) - 1) & ~(nuint)((Lanes * sizeof(float)) - 1));
}
