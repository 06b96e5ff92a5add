using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>
/// A token in the registers of a warp. The k-th largest of the lanes' own maxima is a floor: no fewer than k keys reach it, and
/// hardly more. Those few are the candidates. Each goes to a lane of its own, and they are ranked among themselves. Where keys
/// cost much they are rough at first, the floor lies lower by what they may be off, and only the candidates' are exact.
/// </content>
internal static partial class MoeGate<TLogit>
{
    private const int LanesOfGroup = WarpLanes / GroupParts;
    private const int Loads = (GroupSize + (LanesOfGroup * VectorWidth) - 1) / (LanesOfGroup * VectorWidth);
    private const int Slots = Loads * VectorWidth;
    private const bool WholeLoads = Groups == GroupParts && Loads * LanesOfGroup * VectorWidth == GroupSize;

    private const bool NeedsSum = Scoring == GateScoring.Softmax && (CorrectionBias || !Renormalize);
    private const bool SumOfTwo = CorrectionBias && GroupSize > 1;

    // Groups are ranked by sums of keys, which must be exact.
    private const bool RoughKeys = Scoring == GateScoring.Sigmoid && CorrectionBias && Groups == 1;

    // What two rough keys together may be off, and roundings that grow with the bias: those of rough and exact keys.
    private const float RoughMargin = (2 * DeviceMath.RoughSigmoidError) + 2e-6f;
    private const float RoughRounding = 4.8e-7f;

    // What DeviceMath.Order makes of −∞.
    private const uint LowestOrder = 0x007F_FFFF;

    /// <summary>Routes one token. The places are shared memory of the warp, one for each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RouteWarp(
        ArrayView<TLogit> logits, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts,
        ArrayView<int> tokenIds, ArrayView<int> table, GateSizes sizes, int token, ArrayView<ulong> places)
    {
        var lane = Warp.LaneIdx;
        var row = token * sizes.LogitsStride;
        var group = Groups == 1 ? 0 : lane / LanesOfGroup;
        var laneOfGroup = lane & (LanesOfGroup - 1);
        var isUsed = WholeLoads || Exists(0, group, laneOfGroup);
        var firstExpert = isUsed ? (group * GroupSize) + (laneOfGroup * VectorWidth) : 0;

        // Logits and biases, all on their way before the first is used.
        var keys = Static.Array<float>(Slots);
        var biases = Static.Array<float>(Slots);
        var firstQuad = (row / VectorWidth) + (firstExpert / VectorWidth);
        foreach (var load in Static.Range(Loads))
        {
            var place = WholeLoads || Exists(load, group, laneOfGroup) ? load * LanesOfGroup : 0;
            if (VectorWidth == 1)
            {
                keys[load] = Logits.ToSingle(logits.SubView(row + firstExpert)[place]);
                if (CorrectionBias) biases[load] = bias.SubView(firstExpert)[place];
            }
            else
            {
                var quad = logits.Cast<Quad<TLogit>>().SubView(firstQuad)[place];
                keys[load * VectorWidth] = Logits.ToSingle(quad.X);
                keys[(load * VectorWidth) + 1] = Logits.ToSingle(quad.Y);
                keys[(load * VectorWidth) + 2] = Logits.ToSingle(quad.Z);
                keys[(load * VectorWidth) + 3] = Logits.ToSingle(quad.W);
                if (CorrectionBias)
                {
                    var biasQuad = bias.Cast<Quad<float>>().SubView(firstExpert / VectorWidth)[place];
                    biases[load * VectorWidth] = biasQuad.X;
                    biases[(load * VectorWidth) + 1] = biasQuad.Y;
                    biases[(load * VectorWidth) + 2] = biasQuad.Z;
                    biases[(load * VectorWidth) + 3] = biasQuad.W;
                }
            }
        }

        Warps.KeepReadsBefore();
        if (!WholeLoads)
        {
            foreach (var load in Static.Range(Loads))
            {
                var exists = Exists(load, group, laneOfGroup);
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
                foreach (var v in Static.Range(VectorWidth))
                {
                    var key = Key(keys[(load * VectorWidth) + v], largest, scale, biases[(load * VectorWidth) + v]);
                    keys[(load * VectorWidth) + v] = exists ? key : Lowest;
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

        // The candidates. No key reaches NaN.
        var floor = isOpen ? DeviceMath.Ordered(floorOrder) : float.NaN;
        if (RoughKeys) floor -= RoughMargin + (IntrinsicMath.Abs(floor) * RoughRounding);
        var hits = 0u;
        foreach (var slot in Static.Range(Slots)) hits |= keys[slot] >= floor ? 1u << slot : 0u;
        var count = 0;
        if (floorOrder > LowestOrder && isUsual)
        {
            var ballot = Warps.Ballot(hits != 0u);
            while (ballot != 0u)
            {
                var next = count + Warps.CountBefore(ballot, lane);
                if (hits != 0u && next < WarpLanes)
                {
                    var slot = IntrinsicMath.TrailingZeroCount(hits);
                    places[next] = (uint)(firstExpert + ((slot & ~(VectorWidth - 1)) * LanesOfGroup) + (slot & (VectorWidth - 1)));
                }

                hits &= hits - 1u;
                count += IntrinsicMath.PopCount(ballot);
                ballot = Warps.Ballot(hits != 0u);
            }
        }

        var total = float.NaN;
        if (count > 0 && count <= WarpLanes)
        {
            // One to each lane.
            Warps.Barrier();
            var isCandidate = lane < count;
            var expert = isCandidate ? (int)(uint)places[lane] : 0;
            var logit = Logits.ToSingle(logits[row + expert]);
            if (Scoring == GateScoring.Softmax && !NeedsSum) largest = DeviceMath.Ordered(highest);
            var score = ScoreOf(logit, largest, scale);
            var key = CorrectionBias ? score + bias[expert] : logit;
            var rank = Rank(places, lane, Place(key, expert) & (isCandidate ? ulong.MaxValue : 0ul), count);
            var isChosen = isCandidate && rank < Routed;
            total = SumOfFirst(count, isChosen ? score : 0f);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Exists(int load, int group, int laneOfGroup) => group < Groups && ((load * LanesOfGroup) + laneOfGroup) * VectorWidth < GroupSize;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Key(float logit, float largest, float scale, float bias) =>
        RoughKeys ? DeviceMath.RoughSigmoid(logit, bias) : ScoreOf(logit, largest, scale) + bias;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ScoreOf(float logit, float largest, float scale) =>
        Scoring == GateScoring.Softmax ? DeviceMath.Exp(logit - largest) * scale : Score(logit);
}
