using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>
/// w8a8 on tensor cores: the inputs of both products as bytes of the weights' type, with the same rounding as everywhere, and their scales apart: one
/// a row, or one for each group of a row.
/// </content>
internal static partial class FusedMoe<TWeight, TSum>
{
    private const bool HasInputGroups = InputQuantization == ActivationQuantization.DynamicGroup128;

    /// <summary>Numbers that a thread has under way, also those of a group of 128 that each lane has. Both widths are multiples of a group.</summary>
    private const int NumbersAtOnce = 4;

    /// <summary><see cref="Prepare"/> for products of bytes.</summary>
    /// <param name="hidden">Hidden states [T, H].</param>
    /// <param name="weights">Router weights [T, k].</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="largest">The bits of the largest magnitude of all tokens, [1], where they share a scale.</param>
    /// <param name="rounded">Receives the rounded numbers, [T, H].</param>
    /// <param name="scales">Receives their scales, [T] or [T, H / 128].</param>
    /// <param name="sortedSlots">Receives the slots by expert; the number of slots pads.</param>
    /// <param name="blockExperts">Receives the expert of each block.</param>
    /// <param name="paddedSlots">Receives the number of sorted and padded slots, [1].</param>
    /// <param name="slotWeights">Receives the router weight of each slot.</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void PrepareBytes(
        ArrayView<float> hidden, ArrayView<float> weights, ArrayView<int> experts, ArrayView<int> largest, ArrayView<byte> rounded, ArrayView<float> scales,
        ArrayView<int> sortedSlots, ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> slotWeights, ExpertsSizes sizes)
    {
        if (Grid.IdxX == 0)
        {
            Align(weights, experts, sortedSlots, blockExperts, paddedSlots, slotWeights, sizes);
            return;
        }

        if (HasInputGroups)
        {
            const int Groups = HiddenSize / 128;
            var warps = Group.DimX / Warps.Lanes;
            for (var item = ((Grid.IdxX - 1) * warps) + (Group.IdxX / Warps.Lanes); item < sizes.Tokens * Groups; item += (Grid.DimX - 1) * warps)
                GroupToBytes(HiddenSize, hidden, item / Groups * sizes.HiddenStride, item / Groups, item % Groups, rounded, scales);
        }
        else
        {
            for (var token = Grid.IdxX - 1; token < sizes.Tokens; token += Grid.DimX - 1)
                RowToBytes(HiddenSize, hidden, token * sizes.HiddenStride, token, sizes.HiddenScale, largest, rounded, scales);
        }
    }

    /// <summary>Rounds intermediate states [slots, I] that have an expert.</summary>
    /// <param name="source">Intermediate states [slots, I].</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="largest">The bits of the largest magnitude of all slots, [1], where they share a scale.</param>
    /// <param name="rounded">Receives the rounded numbers, [slots, I].</param>
    /// <param name="scales">Receives their scales, [slots] or [slots, I / 128].</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void IntermediateToBytes(
        ArrayView<float> source, ArrayView<int> experts, ArrayView<int> largest, ArrayView<byte> rounded, ArrayView<float> scales, ExpertsSizes sizes)
    {
        if (HasInputGroups)
        {
            const int Groups = IntermediateSize / 128;
            var item = (Grid.IdxX * (Group.DimX / Warps.Lanes)) + (Group.IdxX / Warps.Lanes);
            var slot = item / Groups;
            if (slot >= sizes.Tokens * TopK || !IsExpert(ExpertOf(experts, sizes, slot))) return;
            GroupToBytes(IntermediateSize, source, slot * (long)IntermediateSize, slot, item % Groups, rounded, scales);
        }
        else
        {
            var slot = Grid.IdxX;
            if (IsExpert(ExpertOf(experts, sizes, slot))) RowToBytes(IntermediateSize, source, slot * (long)IntermediateSize, slot, sizes.ActivationScale, largest, rounded, scales);
        }
    }

    /// <summary>The threads of a group round a row, which has one scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RowToBytes(
        [Specialize] int width, ArrayView<float> source, long start, int row, float knownScale, ArrayView<int> largest, ArrayView<byte> rounded, ArrayView<float> scales)
    {
        var scale = knownScale;
        if (InputQuantization == ActivationQuantization.DynamicTensor) scale = InputScale(largest[0]);
        if (InputQuantization == ActivationQuantization.DynamicToken)
        {
            var own = 0u;
            for (var first = 0; first < width; first += NumbersAtOnce * Group.DimX)
            {
                var number = Static.Array<float>(NumbersAtOnce);
                foreach (var i in Static.Range(NumbersAtOnce)) number[i] = source[start + Place(width, first, i)];
                Warps.KeepReadsBefore();
                foreach (var i in Static.Range(NumbersAtOnce)) own = IntrinsicMath.Max(own, Interop.FloatAsInt(number[i]) & 0x7FFF_FFFFu);
            }

            scale = InputScale((int)LargestOfGroup(own));
        }

        for (var first = 0; first < width; first += NumbersAtOnce * Group.DimX)
        {
            var number = Static.Array<float>(NumbersAtOnce);
            foreach (var i in Static.Range(NumbersAtOnce)) number[i] = source[start + Place(width, first, i)];
            Warps.KeepReadsBefore();
            foreach (var i in Static.Range(NumbersAtOnce)) rounded[(row * (long)width) + Place(width, first, i)] = ToByte(number[i] / scale);
        }

        if (Group.IdxX == 0) scales[row] = scale;
    }

    /// <summary>Which of a row's numbers a thread has; behind the end, the last one again, so that no read depends on another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Place([Specialize] int width, int first, int i) => IntrinsicMath.Min(first + (i * Group.DimX) + Group.IdxX, width - 1);

    /// <summary>The lanes of a warp round 128 neighbours, which have one scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void GroupToBytes([Specialize] int width, ArrayView<float> source, long start, int row, int group, ArrayView<byte> rounded, ArrayView<float> scales)
    {
        var number = Static.Array<float>(NumbersAtOnce);
        var own = 0u;
        var first = (group * 128) + Warp.LaneIdx;
        foreach (var i in Static.Range(NumbersAtOnce)) number[i] = source[start + first + (i * Warps.Lanes)];
        foreach (var i in Static.Range(NumbersAtOnce)) own = IntrinsicMath.Max(own, Interop.FloatAsInt(number[i]) & 0x7FFF_FFFFu);
        var scale = InputScale((int)Warps.Max(own));
        foreach (var i in Static.Range(NumbersAtOnce)) rounded[(row * (long)width) + first + (i * Warps.Lanes)] = ToByte(number[i] / scale);
        if (Warp.LaneIdx == 0) scales[(row * (width / 128)) + group] = scale;
    }

    /// <summary>The largest of all threads' numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint LargestOfGroup(uint own)
    {
        var ofWarps = SharedMemory.Allocate<uint>(Warps.Lanes);
        var largest = Warps.Max(own);
        Group.Barrier(); // the row before may still be read
        if (Warp.LaneIdx == 0) ofWarps[Group.IdxX / Warps.Lanes] = largest;
        Group.Barrier();
        for (var warp = 0; warp < Group.DimX / Warps.Lanes; warp++) largest = IntrinsicMath.Max(largest, ofWarps[warp]);
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte ToByte(float quotient) => IntegerSums ? (byte)StoredNumbers.RoundToInt(quotient) : StoredNumbers.ToFloat8(quotient);
}
