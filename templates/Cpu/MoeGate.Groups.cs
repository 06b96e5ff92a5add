using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>Groups of experts: only the best few stay eligible.</content>
internal static unsafe partial class MoeGate
{
    /// <summary>
    /// Lowers the heads of all blocks outside the best groups, so that nothing in them is found. A group's rank is the number
    /// of groups that beat it, counted for all groups at once.
    /// </summary>
    /// <param name="heads">The head of every block.</param>
    /// <param name="scores">For every block, the score of its group.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CloseGroups(float* heads, float* scores)
    {
        foreach (var v in Static.Range(HeadVectors))
        {
            // A score that is NaN, ∞ − ∞, counts as −∞.
            var own = Simd.Larger(Vector256.Load(scores + (v * Lanes)), Vector256.Create(Lowest));
            var lane = Vector256.Create(Simd.LaneNumbers[(v * Lanes)..]);
            var rank = Vector256<int>.Zero;
            for (var group = 0; group < Groups; group++)
            {
                var other = Simd.Larger(Vector256.Create(scores[group * BlocksPerGroup]), Vector256.Create(Lowest));
                var later = Vector256.GreaterThan(lane, Vector256.Create((group * BlocksPerGroup) + BlocksPerGroup - 1));
                var beaten = Vector256.GreaterThan(other, own).AsInt32() | (Vector256.Equals(other, own).AsInt32() & later);
                rank -= beaten;
            }

            var kept = Vector256.LessThan(rank, Vector256.Create(TopKGroups)).AsSingle();
            Vector256.ConditionalSelect(kept, Vector256.Load(heads + (v * Lanes)), Vector256.Create(Lowest)).Store(heads + (v * Lanes));
        }
    }

    /// <summary>The sum of the two largest of all lanes.</summary>
    /// <param name="first">The largest of each lane.</param>
    /// <param name="second">The second largest of each lane.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float TwoLargest(Vector256<float> first, Vector256<float> second)
    {
        var largest = Simd.MaxAcross(first);
        var at = Vector256.Equals(first, largest);
        var hits = at.ExtractMostSignificantBits();
        var next = Simd.MaxAcross(Vector256.ConditionalSelect(at, second, first));
        return largest.ToScalar() + ((hits & (hits - 1)) == 0 ? next : largest).ToScalar();
    }
}
