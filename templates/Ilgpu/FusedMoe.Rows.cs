using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>The products of few slots: lanes side by side stream a few rows of the weights and share the inputs.</content>
internal static partial class FusedMoe<TWeight, TSum>
{
    private const int RowsOfLane = 4;

    /// <summary>Loads of each row that are under way at once.</summary>
    private const int LoadsOfLane = WeightBits == 4 ? 2 : 4;

    /// <summary>Hidden states times gate and up projections.</summary>
    /// <param name="inputs">Hidden states [T, H].</param>
    /// <param name="matrices">Gate and up projections [E, 2I, H].</param>
    /// <param name="scales">Scales [E, ⌈H / g⌉, 2I].</param>
    /// <param name="zeroPoints">Zero points, likewise.</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="sortedSlots">Not used: slots are taken as they come.</param>
    /// <param name="blockExperts">Not used.</param>
    /// <param name="paddedSlots">Not used.</param>
    /// <param name="sums">Receives the sums of each slice, [slices, slots, 2I].</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void GateUpRows(
        ArrayView<float> inputs, ArrayView<TWeight> matrices, ArrayView<float> scales, ArrayView<sbyte> zeroPoints, ArrayView<int> experts,
        ArrayView<int> sortedSlots, ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> sums, ExpertsSizes sizes) =>
        MultiplyRows(GateUpWidth, HiddenSize, TopK, sizes.HiddenStride, inputs, matrices, scales, zeroPoints, experts, sums, sizes);

    /// <summary>Intermediate states [slots, I] times the down projections [E, H, I].</summary>
    /// <inheritdoc cref="GateUpRows"/>
    public static void DownRows(
        ArrayView<float> inputs, ArrayView<TWeight> matrices, ArrayView<float> scales, ArrayView<sbyte> zeroPoints, ArrayView<int> experts,
        ArrayView<int> sortedSlots, ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> sums, ExpertsSizes sizes) =>
        MultiplyRows(HiddenSize, IntermediateSize, 1, IntermediateSize, inputs, matrices, scales, zeroPoints, experts, sums, sizes);

    /// <summary>A group multiplies one slot's input; each of its teams of lanes takes four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyRows(
        [Specialize] int rows, [Specialize] int width, [Specialize] int slotsOfInput, long stride, ArrayView<float> inputs, ArrayView<TWeight> matrices, ArrayView<float> scales,
        ArrayView<sbyte> zeroPoints, ArrayView<int> experts, ArrayView<float> sums, ExpertsSizes sizes)
    {
        var perLoad = width * WeightBits % 32 == 0 ? 32 / WeightBits : WeightsOfElement;
        var partial = SharedMemory.Allocate<TSum>(RowsOfLane * ExpertsLaunch.ThreadsOfRows);
        var lanes = IntrinsicMath.Min(Group.DimX, ExpertsLaunch.LanesPerRow);
        var lane = Group.IdxX & (lanes - 1);
        var team = Group.IdxX / lanes;
        var rowsOfGroup = Group.DimX / lanes * RowsOfLane;
        var rowBlocks = (rows + rowsOfGroup - 1) / rowsOfGroup;
        var slots = sizes.Tokens * TopK;
        var rowBlock = Grid.IdxX % rowBlocks;
        var slot = Grid.IdxX / rowBlocks % slots;
        var slice = Grid.IdxX / rowBlocks / slots;
        var expert = ExpertOf(experts, sizes, slot);
        if (!IsExpert(expert)) return;

        var acc = Static.Array<TSum>(RowsOfLane);
        var row = Static.Array<int>(RowsOfLane);
        var start = Static.Array<long>(RowsOfLane);
        foreach (var r in Static.Range(RowsOfLane))
        {
            acc[r] = default(TSum);
            row[r] = IntrinsicMath.Min((rowBlock * rowsOfGroup) + (team * RowsOfLane) + r, rows - 1);
            start[r] = (((long)expert * rows) + row[r]) * width;
        }

        // Neighbouring lanes read neighbouring words; several at once, and what is left over singly.
        long input = slot / slotsOfInput * stride;
        int step = lanes * perLoad;
        var end = SliceStart(width, slice + 1);
        int k = SliceStart(width, slice) + (lane * perLoad);
        foreach (var pass in Static.Range(2))
        {
            for (; k < end - (pass == 0 ? (LoadsOfLane - 1) * step : 0); k += pass == 0 ? LoadsOfLane * step : step)
            {
                var bits = Static.Array<uint>(LoadsOfLane, RowsOfLane);
                foreach (var load in Static.Range(pass == 0 ? LoadsOfLane : 1))
                {
                    foreach (var r in Static.Range(RowsOfLane)) bits[load, r] = Load(matrices, perLoad, start[r] + k + (load * step));
                }

                foreach (var load in Static.Range(pass == 0 ? LoadsOfLane : 1))
                {
                    var zero = Static.Array<float>(RowsOfLane);
                    var part = Static.Array<TSum>(RowsOfLane);
                    foreach (var r in Static.Range(RowsOfLane))
                    {
                        zero[r] = ZeroPoints ? zeroPoints[ScaleIndex(rows, width, expert, row[r], k + (load * step))] : MiddleNumber;
                        part[r] = ScaleWidth == 0 ? acc[r] : default(TSum);
                    }

                    foreach (var i in Static.Range(perLoad))
                    {
                        var x = inputs.Cast<TSum>()[input + k + (load * step) + i];
                        foreach (var r in Static.Range(RowsOfLane)) part[r] = Sums.MultiplyAdd(x, Weight(bits[load, r], i, zero[r]), part[r]);
                    }

                    foreach (var r in Static.Range(RowsOfLane))
                    {
                        if (ScaleWidth == 0) acc[r] = part[r];
                        else acc[r] = Sums.MultiplyAdd(part[r], scales.Cast<TSum>()[ScaleIndex(rows, width, expert, row[r], k + (load * step))], acc[r]);
                    }
                }
            }
        }

        foreach (var r in Static.Range(RowsOfLane)) partial[(((team * RowsOfLane) + r) * lanes) + lane] = acc[r];
        Group.Barrier();

        // Each thread begins at another lane: neighbours read other banks, and each sum has an order of its own, always the same.
        for (var i = Group.IdxX; i < rowsOfGroup; i += Group.DimX)
        {
            var target = (rowBlock * rowsOfGroup) + i;
            if (target < rows)
            {
                var sum = default(TSum);
                for (var other = 0; other < lanes; other++) sum = Sums.Add(sum, partial[(i * lanes) + ((other + i) & (lanes - 1))]);
                sums.Cast<TSum>()[((((long)slice * slots) + slot) * rows) + target] = sum;
            }
        }
    }
}
