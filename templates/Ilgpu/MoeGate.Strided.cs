using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>The definition of the gate, for any number of lanes a token, any row and any configuration. It keeps nothing but the last choice.</content>
internal static partial class MoeGate<TLogit>
{
    /// <summary>Routes one token. The lanes take the experts in turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RouteStrided(
        [Specialize] int lanes, ArrayView<TLogit> logits, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts,
        ArrayView<int> tokenIds, ArrayView<int> table, GateSizes sizes, int token)
    {
        var isWriter = lanes == 1 || Warp.LaneIdx == 0;
        var row = token * sizes.LogitsStride;
        var weightsRow = token * sizes.WeightsStride;
        var expertsRow = token * sizes.ExpertsStride;
        var largest = 0f;
        var sum = 1f;
        if (Scoring == GateScoring.Softmax)
        {
            largest = Largest(lanes, logits, row);
            sum = SumOfExponentials(lanes, logits, row, largest);
        }

        var leastGroup = Groups > 1 ? LeastGroup(lanes, logits, bias, row, largest, sum) : 0ul;
        var total = 0f;
        var infinite = 0f;
        var last = ulong.MaxValue;
        for (var rank = 0; rank < Routed; rank++)
        {
            var expert = 0;
            if (HashTable)
            {
                expert = TableEntry(tokenIds, table, sizes, token, rank);
            }
            else
            {
                last = Best(lanes, logits, bias, row, largest, sum, leastGroup, last);
                expert = (int)~(uint)last;
            }

            var score = expert < 0 ? 0f : Score(logits, row + expert, largest, sum);
            if (score == float.PositiveInfinity) infinite += 1f;
            total += score;
            if (isWriter)
            {
                experts[expertsRow + rank] = expert;
                weights[weightsRow + rank] = score;
            }
        }

        if (isWriter)
        {
            var shared = 0f;
            for (var rank = 0; rank < Routed; rank++)
            {
                var weight = weights[weightsRow + rank];
                if (Renormalize) weight = infinite > 0f ? (weight == float.PositiveInfinity ? 1f / infinite : 0f) : weight / (total + Tiny);
                shared += weight;
                weights[weightsRow + rank] = weight * sizes.RoutedScalingFactor;
            }

            for (var rank = Routed; rank < TopK; rank++)
            {
                experts[expertsRow + rank] = Experts + rank - Routed;
                weights[weightsRow + rank] = shared;
            }
        }
    }

    /// <summary>The expert that a table has for a token, or −1 where it has none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int TableEntry(ArrayView<int> tokenIds, ArrayView<int> table, GateSizes sizes, int token, int rank)
    {
        var entry = tokenIds[token];
        if ((uint)entry >= sizes.TableRows) return -1;
        var expert = table[(entry * sizes.TableStride) + rank];
        return (uint)expert < Experts ? expert : -1;
    }

    /// <summary>The best expert after <paramref name="last"/>, by its place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Best(
        [Specialize] int lanes, ArrayView<TLogit> logits, ArrayView<float> bias, long row, float largest, float sum, ulong leastGroup, ulong last)
    {
        var best = 0ul;
        if (Groups == 1)
        {
            for (var e = lanes == 1 ? 0 : Warp.LaneIdx; e < Experts; e += lanes)
            {
                var place = Place(Key(logits, bias, row, e, largest, sum), e);
                if (place < last && place > best) best = place;
            }
        }
        else
        {
            for (var group = lanes == 1 ? 0 : Warp.LaneIdx; group < Groups; group += lanes)
            {
                if (Place(GroupScore(logits, bias, row, group, largest, sum), group) < leastGroup) continue;
                for (var e = group * GroupSize; e < (group + 1) * GroupSize; e++)
                {
                    var place = Place(Key(logits, bias, row, e, largest, sum), e);
                    if (place < last && place > best) best = place;
                }
            }
        }

        return MaxAcross(lanes, best);
    }

    /// <summary>The place of the last group that stays eligible.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong LeastGroup([Specialize] int lanes, ArrayView<TLogit> logits, ArrayView<float> bias, long row, float largest, float sum)
    {
        var last = ulong.MaxValue;
        for (var rank = 0; rank < TopKGroups; rank++)
        {
            var best = 0ul;
            for (var group = lanes == 1 ? 0 : Warp.LaneIdx; group < Groups; group += lanes)
            {
                var place = Place(GroupScore(logits, bias, row, group, largest, sum), group);
                if (place < last && place > best) best = place;
            }

            last = MaxAcross(lanes, best);
        }

        return last;
    }

    /// <summary>Its largest key, or the sum of its two largest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float GroupScore(ArrayView<TLogit> logits, ArrayView<float> bias, long row, int group, float largest, float sum)
    {
        var start = group * GroupSize;
        if (GroupSize == 1) return Key(logits, bias, row, start, largest, sum);
        // Orders, not keys: ILGPU's OpenCL back end takes a branch around "key > first" for "key <= first", which NaN is not either.
        var first = DeviceMath.Order(Lowest);
        var second = first;
        for (var e = start; e < start + GroupSize; e++)
        {
            var order = DeviceMath.Order(Key(logits, bias, row, e, largest, sum));
            if (order > first)
            {
                second = first;
                first = order;
            }
            else if (order > second)
            {
                second = order;
            }
        }

        return CorrectionBias ? DeviceMath.Ordered(first) + DeviceMath.Ordered(second) : DeviceMath.Ordered(first);
    }

    /// <summary>Greater for a better key, and among equals for a lower number: no two are the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Place(float key, int number) => ((ulong)DeviceMath.Order(key) << 32) | (uint)~number;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Key(ArrayView<TLogit> logits, ArrayView<float> bias, long row, int expert, float largest, float sum)
    {
        var logit = Logits.ToSingle(logits[row + expert]);
        if (!CorrectionBias) return logit;
        return logit >= Lowest ? Score(logits, row + expert, largest, sum) + bias[expert] : float.NaN;
    }

    /// <summary>The score of one expert; that of NaN is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Score(ArrayView<TLogit> logits, long place, float largest, float sum)
    {
        var logit = Logits.ToSingle(logits[place]);
        if (!(logit > Lowest)) return 0f;
        if (Scoring == GateScoring.Softmax) return Exponential(logit, largest) / sum;
        return Score(logit);
    }

    /// <summary>e to the difference, which is 0 where both are infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Exponential(float logit, float largest) => logit == largest ? 1f : logit < largest ? DeviceMath.Exp(logit - largest) : 0f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest([Specialize] int lanes, ArrayView<TLogit> logits, long row)
    {
        var largest = Lowest;
        for (var e = lanes == 1 ? 0 : Warp.LaneIdx; e < Experts; e += lanes) largest = DeviceMath.Larger(largest, Logits.ToSingle(logits[row + e]));
        return lanes == 1 ? largest : DeviceMath.Ordered(Warps.Max(DeviceMath.Order(largest)));
    }

    /// <summary>The sum of all exponentials, 1 where nothing has a score.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfExponentials([Specialize] int lanes, ArrayView<TLogit> logits, long row, float largest)
    {
        var sum = 0f;
        for (var e = lanes == 1 ? 0 : Warp.LaneIdx; e < Experts; e += lanes) sum += Exponential(Logits.ToSingle(logits[row + e]), largest);
        if (lanes > 1) sum = Warps.Sum(sum);
        return largest > Lowest ? sum : 1f;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong MaxAcross([Specialize] int lanes, ulong place)
    {
        if (lanes == 1) return place;
        var high = Warps.Max((uint)(place >> 32));
        var low = Warps.Max((uint)(place >> 32) == high ? (uint)place : 0u);
        return ((ulong)high << 32) | low;
    }
}
