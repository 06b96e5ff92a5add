using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>Groups of experts: only the best few stay eligible.</content>
internal static unsafe partial class MoeGate<TLogit>
{
    private const bool SumOfTwo = CorrectionBias && GroupSize > 1;

    /// <summary>
    /// Lowers the heads of all blocks outside the best groups, so that nothing in them is found. A group's rank is the number
    /// of groups that beat it, counted for all groups at once.
    /// </summary>
    private static void CloseGroups(float* keys, Vector256<float>* maxima, float* heads)
    {
        var scores = heads;
        if (SumOfTwo || BlocksPerGroup > 1)
        {
            scores = (float*)maxima;
            ScoreGroups(keys, scores);
        }

        var undecided = 0UL;
        foreach (var v in Static.Range(HeadVectors))
        {
            // A score that is NaN, ∞ − ∞, counts as −∞.
            var own = Simd.Larger(Vector256.Load(scores + (v * Lanes)), Vector256.Create(Lowest));
            var lane = Vector256.LoadUnsafe(in Simd.LaneNumbers(v * Lanes));
            var rank = Vector256<int>.Zero;
            for (var group = 0; group < Groups; group++)
            {
                var other = Simd.Larger(Vector256.Create(scores[group * BlocksPerGroup]), Vector256.Create(Lowest));
                var later = Vector256.GreaterThan(lane, Vector256.Create((group * BlocksPerGroup) + BlocksPerGroup - 1));
                rank -= Vector256.GreaterThan(other, own).AsInt32() | (Vector256.Equals(other, own).AsInt32() & later);
            }

            var kept = Vector256.LessThan(rank, Vector256.Create(TopKGroups)).AsSingle();
            undecided |= (kept & Vector256.Equals(own, Vector256.Create(Lowest))).ExtractMostSignificantBits();
            Vector256.ConditionalSelect(kept, Vector256.Load(heads + (v * Lanes)), Vector256.Create(Lowest)).Store(heads + (v * Lanes));
        }

        // Where a group without a score would stay, heads without numbers leave the row to the general definition.
        if (undecided != 0)
        {
            foreach (var v in Static.Range(HeadVectors)) Vector256.Create(Lowest).Store(heads + (v * Lanes));
        }
    }

    /// <summary>Writes, for every block, the score of its group: its largest key or the sum of its two largest.</summary>
    private static void ScoreGroups(float* keys, float* scores)
    {
        foreach (var lane in Static.Range(Blocks, HeadLanes)) scores[lane] = Lowest;
        for (var group = 0; group < Groups; group++)
        {
            var first = Vector256.Create(Lowest);
            var second = Vector256.Create(Lowest);
            for (var b = 0; b < BlocksPerGroup; b++)
            {
                foreach (var v in Static.Range(BlockVectors))
                {
                    var key = Vector256.Load(keys + (v * Lanes));
                    second = Simd.Larger(Simd.Smaller(first, key), second);
                    first = Simd.Larger(key, first);
                }

                keys += BlockLanes;
            }

            var score = SumOfTwo ? Simd.SumOfTwoLargest(first, second) : Simd.MaxAcross(first).ToScalar();
            foreach (var b in Static.Range(BlocksPerGroup)) scores[(group * BlocksPerGroup) + b] = score;
        }
    }
}
