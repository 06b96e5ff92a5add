using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>
/// The products of many slots: a group multiplies a block of one expert's slots with 64 of its rows. Both come through shared memory, weights
/// without their scales and zero points; each thread holds sums of four slots by four rows.
/// </content>
internal static partial class FusedMoe<TWeight, TSum>
{
    private const int TileDepth = 32;

    // As ExpertsLaunch says to who launches.
    private const int TileRows = 64;
    private const int NarrowSlots = 16;
    private const int WideSlots = 64;

    /// <summary>Hidden states times gate and up projections, a few slots of an expert at a time.</summary>
    /// <param name="inputs">Hidden states [T, H].</param>
    /// <param name="matrices">Gate and up projections [E, 2I, H].</param>
    /// <param name="scales">Scales [E, ⌈H / g⌉, 2I].</param>
    /// <param name="zeroPoints">Zero points, likewise.</param>
    /// <param name="experts">Not used.</param>
    /// <param name="sortedSlots">Slots by expert.</param>
    /// <param name="blockExperts">Expert of each block.</param>
    /// <param name="paddedSlots">Number of sorted and padded slots, [1].</param>
    /// <param name="sums">Receives the sums of each slice, [slices, slots, 2I].</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void GateUpNarrow(
        ArrayView<float> inputs, ArrayView<TWeight> matrices, ArrayView<float> scales, ArrayView<sbyte> zeroPoints, ArrayView<int> experts,
        ArrayView<int> sortedSlots, ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> sums, ExpertsSizes sizes) =>
        MultiplyTile(NarrowSlots, GateUpWidth, HiddenSize, TopK, sizes.HiddenStride, inputs, matrices, scales, zeroPoints, sortedSlots, blockExperts, paddedSlots, sums, sizes);

    /// <summary>The same, many slots of an expert at a time.</summary>
    /// <inheritdoc cref="GateUpNarrow"/>
    public static void GateUpWide(
        ArrayView<float> inputs, ArrayView<TWeight> matrices, ArrayView<float> scales, ArrayView<sbyte> zeroPoints, ArrayView<int> experts,
        ArrayView<int> sortedSlots, ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> sums, ExpertsSizes sizes) =>
        MultiplyTile(WideSlots, GateUpWidth, HiddenSize, TopK, sizes.HiddenStride, inputs, matrices, scales, zeroPoints, sortedSlots, blockExperts, paddedSlots, sums, sizes);

    /// <summary>Intermediate states [slots, I] times the down projections [E, H, I], a few slots of an expert at a time.</summary>
    /// <inheritdoc cref="GateUpNarrow"/>
    public static void DownNarrow(
        ArrayView<float> inputs, ArrayView<TWeight> matrices, ArrayView<float> scales, ArrayView<sbyte> zeroPoints, ArrayView<int> experts,
        ArrayView<int> sortedSlots, ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> sums, ExpertsSizes sizes) =>
        MultiplyTile(NarrowSlots, HiddenSize, IntermediateSize, 1, IntermediateSize, inputs, matrices, scales, zeroPoints, sortedSlots, blockExperts, paddedSlots, sums, sizes);

    /// <summary>The same, many slots of an expert at a time.</summary>
    /// <inheritdoc cref="GateUpNarrow"/>
    public static void DownWide(
        ArrayView<float> inputs, ArrayView<TWeight> matrices, ArrayView<float> scales, ArrayView<sbyte> zeroPoints, ArrayView<int> experts,
        ArrayView<int> sortedSlots, ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> sums, ExpertsSizes sizes) =>
        MultiplyTile(WideSlots, HiddenSize, IntermediateSize, 1, IntermediateSize, inputs, matrices, scales, zeroPoints, sortedSlots, blockExperts, paddedSlots, sums, sizes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyTile(
        [Specialize] int tileSlots, [Specialize] int rows, [Specialize] int width, [Specialize] int slotsOfInput, long stride, ArrayView<float> inputs, ArrayView<TWeight> matrices,
        ArrayView<float> scales, ArrayView<sbyte> zeroPoints, ArrayView<int> sortedSlots, ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> sums, ExpertsSizes sizes)
    {
        var threads = tileSlots * TileRows / 16;
        var perLoad = width * WeightBits % 32 == 0 ? 32 / WeightBits : WeightsOfElement;
        var loadsOfRow = TileDepth / perLoad;
        var rowsAtOnce = threads / loadsOfRow;
        var inputsAtOnce = threads / TileDepth;
        var rowBlocks = (rows + TileRows - 1) / TileRows;

        // Quads, and rows of quads that lie an odd number of quads apart: both sides are read four at a time.
        var tileInputs = SharedMemory.Allocate<Quad<TSum>>(TileDepth * ((tileSlots / 4) + 1));
        var tileWeights = SharedMemory.Allocate<Quad<TSum>>(TileDepth * ((TileRows / 4) + 1));
        var thread = Group.IdxX;
        var slots = sizes.Tokens * TopK;
        var blocks = (int)blockExperts.Length;
        var block = Grid.IdxX % blocks;
        var rowBlock = Grid.IdxX / blocks % rowBlocks;
        var slice = Grid.IdxX / blocks / rowBlocks;
        if (block * tileSlots >= paddedSlots[0]) return;
        var expert = blockExperts[block];

        // What a thread copies of every step: parts of the same inputs and rows. Padding and rows behind the last read any that are there:
        // nobody reads their sums.
        var inputPart = thread % TileDepth;
        var input = Static.Array<long>(tileSlots / inputsAtOnce);
        foreach (var i in Static.Range(tileSlots / inputsAtOnce))
        {
            var slot = sortedSlots[(block * tileSlots) + (thread / TileDepth) + (i * inputsAtOnce)];
            input[i] = (slot < slots ? slot : 0) / slotsOfInput * stride;
        }

        var rowPart = thread % loadsOfRow * perLoad;
        var row = Static.Array<int>(TileRows / rowsAtOnce);
        foreach (var i in Static.Range(TileRows / rowsAtOnce)) row[i] = IntrinsicMath.Min((rowBlock * TileRows) + (thread / loadsOfRow) + (i * rowsAtOnce), rows - 1);
        var acc = Static.Array<TSum>(4, 4);
        foreach (var s in Static.Range(4))
        {
            foreach (var r in Static.Range(4)) acc[s, r] = default(TSum);
        }

        var begin = SliceStart(width, slice);
        var end = SliceStart(width, slice + 1);
        var slotQuad = thread / (TileRows / 4);
        var rowQuad = thread % (TileRows / 4);

        // Each turn asks for one step's numbers, multiplies those of the step before, and puts the new ones in their place.
        for (var first = begin; first < end + TileDepth; first += TileDepth)
        {
            var inputPlace = IntrinsicMath.Min(first + inputPart, width - 1);
            var weightPlace = IntrinsicMath.Min(first + rowPart, width - perLoad);
            var x = Static.Array<TSum>(tileSlots / inputsAtOnce);
            var bits = Static.Array<uint>(TileRows / rowsAtOnce);
            var zero = Static.Array<float>(TileRows / rowsAtOnce);
            var scale = Static.Array<float>(TileRows / rowsAtOnce);
            foreach (var i in Static.Range(tileSlots / inputsAtOnce)) x[i] = inputs.Cast<TSum>()[input[i] + inputPlace];
            foreach (var i in Static.Range(TileRows / rowsAtOnce))
            {
                bits[i] = Load(matrices, perLoad, ((((long)expert * rows) + row[i]) * width) + weightPlace);
                zero[i] = ZeroPoints ? zeroPoints[ScaleIndex(rows, width, expert, row[i], weightPlace)] : MiddleNumber;
                scale[i] = ScaleWidth != 0 ? scales[ScaleIndex(rows, width, expert, row[i], weightPlace)] : 0f;
            }

            Warps.KeepReadsBefore();
            if (first > begin)
            {
                for (var k = 0; k < TileDepth; k++)
                {
                    var u = tileInputs[(k * ((tileSlots / 4) + 1)) + slotQuad];
                    var w = tileWeights[(k * ((TileRows / 4) + 1)) + rowQuad];
                    acc[0, 0] = Sums.MultiplyAdd(u.X, w.X, acc[0, 0]);
                    acc[0, 1] = Sums.MultiplyAdd(u.X, w.Y, acc[0, 1]);
                    acc[0, 2] = Sums.MultiplyAdd(u.X, w.Z, acc[0, 2]);
                    acc[0, 3] = Sums.MultiplyAdd(u.X, w.W, acc[0, 3]);
                    acc[1, 0] = Sums.MultiplyAdd(u.Y, w.X, acc[1, 0]);
                    acc[1, 1] = Sums.MultiplyAdd(u.Y, w.Y, acc[1, 1]);
                    acc[1, 2] = Sums.MultiplyAdd(u.Y, w.Z, acc[1, 2]);
                    acc[1, 3] = Sums.MultiplyAdd(u.Y, w.W, acc[1, 3]);
                    acc[2, 0] = Sums.MultiplyAdd(u.Z, w.X, acc[2, 0]);
                    acc[2, 1] = Sums.MultiplyAdd(u.Z, w.Y, acc[2, 1]);
                    acc[2, 2] = Sums.MultiplyAdd(u.Z, w.Z, acc[2, 2]);
                    acc[2, 3] = Sums.MultiplyAdd(u.Z, w.W, acc[2, 3]);
                    acc[3, 0] = Sums.MultiplyAdd(u.W, w.X, acc[3, 0]);
                    acc[3, 1] = Sums.MultiplyAdd(u.W, w.Y, acc[3, 1]);
                    acc[3, 2] = Sums.MultiplyAdd(u.W, w.Z, acc[3, 2]);
                    acc[3, 3] = Sums.MultiplyAdd(u.W, w.W, acc[3, 3]);
                }
            }

            Group.Barrier();
            foreach (var i in Static.Range(tileSlots / inputsAtOnce))
            {
                if (width % TileDepth != 0 && first + inputPart >= end) x[i] = default(TSum);
                tileInputs.Cast<TSum>()[(inputPart * (tileSlots + 4)) + (thread / TileDepth) + (i * inputsAtOnce)] = x[i];
            }

            foreach (var i in Static.Range(TileRows / rowsAtOnce))
            {
                foreach (var number in Static.Range(perLoad))
                {
                    var weight = Weight(bits[i], number, zero[i]);
                    if (ScaleWidth != 0) weight = Scaled(weight, scale[i]);
                    if (width % TileDepth != 0 && first + rowPart >= end) weight = default(TSum);
                    tileWeights.Cast<TSum>()[((rowPart + number) * (TileRows + 4)) + (thread / loadsOfRow) + (i * rowsAtOnce)] = weight;
                }
            }

            Group.Barrier();
        }

        foreach (var s in Static.Range(4))
        {
            var slot = sortedSlots[(block * tileSlots) + (slotQuad * 4) + s];
            if (slot < slots)
            {
                var target = ((((long)slice * slots) + slot) * rows) + (rowBlock * TileRows) + (rowQuad * 4);
                foreach (var r in Static.Range(4))
                {
                    if ((rowBlock * TileRows) + (rowQuad * 4) + r < rows) sums.Cast<TSum>()[target + r] = acc[s, r];
                }
            }
        }
    }

    /// <summary>A weight times its scale; integers have none here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TSum Scaled(TSum weight, float scale)
    {
        Sums.Factor(scale, out TSum factor);
        return Sums.MultiplyAdd(weight, factor, default(TSum));
    }
}
