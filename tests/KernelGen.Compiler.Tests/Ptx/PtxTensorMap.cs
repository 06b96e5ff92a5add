using KernelGen.Compiler.Ptx;

namespace KernelGen.Tests;

/// <summary>TMA's view of a tensor; the first length, box and coordinate are those of neighbours in memory.</summary>
/// <param name="Address">Where it begins.</param>
/// <param name="ElementBytes">Bytes of an element.</param>
/// <param name="Lengths">Elements of each dimension.</param>
/// <param name="Strides">Bytes from one element to the next, of each dimension but the first.</param>
/// <param name="Box">Elements of each dimension that are fetched at once: 128 bytes of the first, the span of the swizzle.</param>
internal sealed record PtxTensorMap(ulong Address, int ElementBytes, long[] Lengths, long[] Strides, int[] Box)
{
    private const int RowBytes = 128;

    /// <summary>The weights of all experts as <c>KernelGen.Ilgpu.TensorMap.OfWeights</c> describes them.</summary>
    public static PtxTensorMap OfWeights(ulong address, int columns, IReadOnlyList<FetchedDimension> rows)
    {
        const int ElementBytes = 2; // of bytes a pair
        return new(address, ElementBytes, [columns, .. rows.Select(row => row.Length)], [.. rows.Select(row => row.Stride * columns * ElementBytes)], [RowBytes / ElementBytes, .. rows.Select(row => row.Box)]);
    }

    public static PtxStep StepOf(string name, PtxOperand[] operands)
    {
        var isMulticast = name.Contains("multicast::cluster", StringComparison.Ordinal);
        Assert.Contains($".{operands[1].Rows.Length - 1}d.", name);
        return (warp, lanes) =>
        {
            foreach (var lane in PtxSteps.LanesOf(lanes))
            {
                var map = warp.Group.Cluster.Maps[(int)operands[1].Address(warp, lane)];
                int[] first = [.. operands[1].Rows.Skip(1).Select(row => (int)warp.Values[row + lane])];
                var groups = isMulticast ? (uint)warp.Values[operands[3].Row + lane] : 1u << warp.Group.Rank;
                map.Fetch(warp, groups, first, operands[0].Address(warp, lane), operands[2].Address(warp, lane));
            }

            return true;
        };
    }

    /// <summary>The accelerator exchanges chunks of 16 bytes within 128 by the row of 1024 in which they lie.</summary>
    public static ulong Swizzled(ulong address) => address ^ ((address >> 3) & 0x70);

    private void Fetch(PtxWarp warp, uint groups, int[] first, ulong to, ulong barrier)
    {
        Assert.Equal(RowBytes, Box[0] * ElementBytes);
        Assert.Equal(Box.Length, first.Length);
        if (to % RowBytes != 0) Assert.Fail($"a box goes to {to}");
        var rows = Box.Skip(1).Aggregate(1, (product, length) => product * length);
        foreach (var rank in PtxSteps.LanesOf(groups))
        {
            var group = warp.Group.Cluster.GroupAt(rank);
            for (var offset = 0; offset < rows * RowBytes; offset += PtxSharedMemory.ChunkBytes) group.Shared.Await(to + (ulong)offset, PtxSharedMemory.ChunkBytes);
            warp.Group.Cluster.Begin(null, () =>
            {
                for (var row = 0; row < rows; row++) LandRow(warp, group, first, row, to + (ulong)(row * RowBytes));
                group.BarrierAt(barrier).Land(rows * RowBytes);
            });
        }
    }

    private void LandRow(PtxWarp warp, PtxGroup group, int[] first, int row, ulong to)
    {
        var (from, isInside) = (Address + (ulong)(first[0] * ElementBytes), true);
        for (var (dimension, rest) = (1, row); dimension < Box.Length; rest /= Box[dimension++])
        {
            var place = first[dimension] + (rest % Box[dimension]);
            isInside &= place >= 0 && place < Lengths[dimension];
            from += (ulong)(place * Strides[dimension - 1]);
        }

        for (var at = 0; at < RowBytes; at += PtxSharedMemory.ChunkBytes)
        {
            // What lies outside is zero.
            var target = group.Shared.Land(Swizzled(to + (ulong)at), PtxSharedMemory.ChunkBytes, writer: null);
            target.Clear();
            var elements = Math.Min(Lengths[0] - first[0] - (at / ElementBytes), PtxSharedMemory.ChunkBytes / ElementBytes);
            if (isInside && elements > 0) group.Cluster.Global.At(from + (ulong)at, PtxSharedMemory.ChunkBytes, warp)[..(int)(elements * ElementBytes)].CopyTo(target);
        }
    }
}
