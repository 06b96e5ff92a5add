using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>
/// A token in the registers of a warp. The k-th largest of the lanes' own maxima is a floor: no fewer than k keys reach it, and
/// hardly more. Those few are the candidates. Each goes to a lane of its own, which counts how many others beat it.
/// </content>
internal static partial class MoeGate<TLogit>
{
    private const int LanesOfGroup = WarpLanes / GroupParts;
    private const int Loads = (GroupSize + (LanesOfGroup * VectorWidth) - 1) / (LanesOfGroup * VectorWidth);
    private const int Slots = Loads * VectorWidth;
    private const bool WholeLoads = Groups == GroupParts && Loads * LanesOfGroup * VectorWidth == GroupSize;

    private const bool NeedsSum = Scoring == GateScoring.Softmax && (CorrectionBias || !Renormalize);
    private const bool SumOfTwo = CorrectionBias && GroupSize > 1;

    // What DeviceMath.Order makes of −∞.
    private const uint LowestOrder = 0x007F_FFFF;

    /// <summary>Routes one token.</summary>
    /// <param name="candidates">Shared memory of the warp.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RouteWarp(
        ArrayView<TLogit> logits, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts,
        ArrayView<int> tokenIds, ArrayView<int> table, GateSizes sizes, int token, ArrayView<int> candidates)
    {
        var lane = Warp.LaneIdx;
        var row = token * sizes.LogitsStride;
        var rowQuads = row / VectorWidth;
        var group = Groups == 1 ? 0 : lane / LanesOfGroup;
        var laneOfGroup = lane % LanesOfGroup;

        // Logits.
        var keys = Static.Array<float>(Slots);
        foreach (var load in Static.Range(Loads))
        {
            var exists = WholeLoads || Exists(load, group, laneOfGroup);
            var place = exists ? PlaceOf(load, group, laneOfGroup) : 0;
            if (VectorWidth == 1)
            {
                keys[load] = Logits.ToSingle(logits[row + place]);
            }
            else
            {
                var quad = logits.Cast<Quad<TLogit>>()[rowQuads + place];
                keys[load * VectorWidth] = Logits.ToSingle(quad.X);
                keys[(load * VectorWidth) + 1] = Logits.ToSingle(quad.Y);
                keys[(load * VectorWidth) + 2] = Logits.ToSingle(quad.Z);
                keys[(load * VectorWidth) + 3] = Logits.ToSingle(quad.W);
            }

            if (!WholeLoads)
            {
                foreach (var v in Static.Range(VectorWidth)) keys[(load * VectorWidth) + v] = exists ? keys[(load * VectorWidth) + v] : Lowest;
            }
        }

        // For softmax, what its exponentials refer to. No number comes out where a logit is none, or infinite and the largest.
        var largest = 0f;
        var scale = 1f;
        if (NeedsSum)
        {
            largest = Lowest;
            foreach (var slot in Static.Range(Slots)) largest = DeviceMath.Larger(largest, keys[slot]);
            largest = DeviceMath.Ordered(Warps.Max(DeviceMath.Order(largest)));
            var sum = 0f;
            foreach (var slot in Static.Range(Slots)) sum += DeviceMath.Exp(keys[slot] - largest);
            scale = 1f / Warps.Sum(sum);
        }

        // Keys.
        if (CorrectionBias)
        {
            foreach (var load in Static.Range(Loads))
            {
                var exists = WholeLoads || Exists(load, group, laneOfGroup);
                var place = exists ? PlaceOf(load, group, laneOfGroup) : 0;
                if (VectorWidth == 1)
                {
                    keys[load] = Key(keys[load], largest, scale, bias[place]);
                }
                else
                {
                    var quad = bias.Cast<Quad<float>>()[place];
                    keys[load * VectorWidth] = Key(keys[load * VectorWidth], largest, scale, quad.X);
                    keys[(load * VectorWidth) + 1] = Key(keys[(load * VectorWidth) + 1], largest, scale, quad.Y);
                    keys[(load * VectorWidth) + 2] = Key(keys[(load * VectorWidth) + 2], largest, scale, quad.Z);
                    keys[(load * VectorWidth) + 3] = Key(keys[(load * VectorWidth) + 3], largest, scale, quad.W);
                }

                if (!WholeLoads)
                {
                    foreach (var v in Static.Range(VectorWidth)) keys[(load * VectorWidth) + v] = exists ? keys[(load * VectorWidth) + v] : Lowest;
                }
            }
        }

        // Whether this lane's group stays eligible. One that does must have a score.
        var isOpen = true;
        var isUsual = true;
        if (Groups > 1)
        {
            var first = Lowest;
            var second = Lowest;
            foreach (var slot in Static.Range(Slots))
            {
                var key = DeviceMath.Larger(Lowest, keys[slot]);
                if (SumOfTwo) second = DeviceMath.Larger(second, DeviceMath.Smaller(first, key));
                first = DeviceMath.Larger(first, key);
            }

            for (var step = LanesOfGroup / 2; step > 0; step /= 2)
            {
                var otherFirst = Warp.ShuffleXor(first, step);
                if (SumOfTwo) second = DeviceMath.Larger(DeviceMath.Larger(second, Warp.ShuffleXor(second, step)), DeviceMath.Smaller(first, otherFirst));
                first = DeviceMath.Larger(first, otherFirst);
            }

            var score = SumOfTwo ? DeviceMath.Larger(Lowest, first + second) : first;
            var rank = 0;
            foreach (var other in Static.Range(Groups))
            {
                var otherScore = Warp.Shuffle(score, other * LanesOfGroup);
                rank += otherScore > score || (otherScore == score && other < group) ? 1 : 0;
            }

            isOpen = rank < TopKGroups;
            isUsual = Warps.Ballot(isOpen && score == Lowest) == 0u;
        }

        // The floor.
        var best = Lowest;
        foreach (var slot in Static.Range(Slots)) best = DeviceMath.Larger(best, keys[slot]);
        var order = isOpen ? DeviceMath.Order(best) : 0u;
        var highest = Warps.Max(order);
        var floorOrder = highest;
        foreach (var round in Static.Range(1, Routed))
        {
            order = order == floorOrder ? 0u : order;
            floorOrder = Warps.Max(order);
        }

        // The candidates.
        var floor = DeviceMath.Ordered(floorOrder);
        var hits = 0u;
        foreach (var slot in Static.Range(Slots)) hits |= isOpen && keys[slot] >= floor ? 1u << slot : 0u;
        var count = 0;
        if (floorOrder > LowestOrder && isUsual)
        {
            var ballot = Warps.Ballot(hits != 0u);
            while (ballot != 0u)
            {
                var place = count + Warps.CountBefore(ballot, lane);
                if (hits != 0u && place < WarpLanes)
                {
                    var slot = BitOperations.TrailingZeroCount(hits);
                    candidates[place] = (PlaceOf(slot / VectorWidth, group, laneOfGroup) * VectorWidth) + (slot % VectorWidth);
                }

                hits &= hits - 1u;
                count += BitOperations.PopCount(ballot);
                ballot = Warps.Ballot(hits != 0u);
            }
        }

        var total = float.NaN;
        if (count > 0 && count <= WarpLanes)
        {
            // One to each lane.
            Warps.Barrier();
            var expert = candidates[lane < count ? lane : 0];
            var logit = Logits.ToSingle(logits[row + expert]);
            if (Scoring == GateScoring.Softmax && !NeedsSum) largest = DeviceMath.Ordered(highest);
            var score = ScoreOf(logit, largest, scale);
            var key = CorrectionBias ? score + bias[expert] : logit;
            var rank = 0;
            for (var other = 0; other < count; other++)
            {
                var otherKey = Warp.Shuffle(key, other);
                var otherExpert = Warp.Shuffle(expert, other);
                rank += otherKey > key || (otherKey == key && otherExpert < expert) ? 1 : 0;
            }

            var isChosen = lane < count && rank < Routed;
            if (Renormalize || SharedExperts > 0 || Scoring != GateScoring.Sigmoid) total = Warps.Sum(isChosen ? score : 0f);
            else total = 0f;
            var normalizer = Renormalize ? DeviceMath.Reciprocal(total + Tiny) : 1f;
            if (isChosen)
            {
                weights[(token * sizes.WeightsStride) + rank] = score * normalizer * sizes.RoutedScalingFactor;
                experts[(token * sizes.ExpertsStride) + rank] = expert;
            }

            if (SharedExperts > 0)
            {
                for (var shared = lane; shared < SharedExperts; shared += WarpLanes)
                {
                    weights[(token * sizes.WeightsStride) + Routed + shared] = total * normalizer;
                    experts[(token * sizes.ExpertsStride) + Routed + shared] = Experts + shared;
                }
            }
        }

        if (!(total < float.PositiveInfinity)) RouteStrided(WarpLanes, logits, bias, weights, experts, tokenIds, table, sizes, token);
    }

    /// <summary>Where in a row, in steps of <see cref="VectorWidth"/>, the experts of a load lie.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PlaceOf(int load, int group, int laneOfGroup) => (group * (GroupSize / VectorWidth)) + (load * LanesOfGroup) + laneOfGroup;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Exists(int load, int group, int laneOfGroup) => group < Groups && ((load * LanesOfGroup) + laneOfGroup) * VectorWidth < GroupSize;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Key(float logit, float largest, float scale, float bias) => ScoreOf(logit, largest, scale) + bias;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ScoreOf(float logit, float largest, float scale) =>
        Scoring == GateScoring.Softmax ? DeviceMath.Exp(logit - largest) * scale : Score(logit);
}
