using System;
using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>
/// The best keys of an axis in descending order, and the pairs of them. A floor that at least as many keys reach as are wanted,
/// and hardly more, leaves a few candidates; each counts how many others beat it.
/// </content>
internal static partial class OmniRouter
{
    private const int AxisSlots = (ExpertsPerAxis + WarpLanes - 1) / WarpLanes;
    private const int PairSlots = (Pairs + WarpLanes - 1) / WarpLanes;

    // Room for half as many candidates again as are wanted: so a floor is soon found.
    private const int AxisRoom = ((Listed * 3 / 2) + WarpLanes - 1) / WarpLanes * WarpLanes;
    private const int PairRoom = ((TopK * 3 / 2) + WarpLanes - 1) / WarpLanes * WarpLanes;
    private const int EntryRoom = Pairs > AxisRoom ? Pairs : AxisRoom;

    /// <summary>Writes the best keys of an axis, <see cref="Listed"/> of them, from <paramref name="start"/> on. Of equal ones any may come first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RankAxis(
        ArrayView<float> logits, long row, int lane, ArrayView<ulong> entries, ArrayView<float> listKeys, ArrayView<int> listIds, [Specialize] int start)
    {
        var orders = Static.Array<uint>(AxisSlots);
        foreach (var slot in Static.Range(AxisSlots))
        {
            var place = (slot * WarpLanes) + lane;
            orders[slot] = (slot + 1) * WarpLanes <= ExpertsPerAxis || place < ExpertsPerAxis ? Order(logits[row + place]) : 0u;
        }

        var count = ExpertsPerAxis;
        if (ExpertsPerAxis > AxisRoom)
        {
            // Every lane has a key that reaches the least of the lanes' best.
            var best = 0u;
            foreach (var slot in Static.Range(AxisSlots)) best = IntrinsicMath.Max(best, orders[slot]);
            var floor = Listed <= WarpLanes ? Warps.Min(best) : 1u;
            var above = Warps.Max(best) + 1u;
            var round = 0;
            while (count > AxisRoom && above - floor > 1u)
            {
                var middle = Middle(floor, above, round++);
                var reach = 0u;
                foreach (var slot in Static.Range(AxisSlots)) reach += orders[slot] >= middle ? 1u : 0u;
                var reached = (int)Warps.Sum(reach);
                if (reached >= Listed)
                {
                    floor = middle;
                    count = reached;
                }
                else
                {
                    above = middle;
                }
            }

            // Too many equal the floor: all above it, and as many of the equals as there is room for.
            var isFull = count > AxisRoom;
            var least = isFull ? above : floor;
            var own = 0;
            foreach (var slot in Static.Range(AxisSlots)) own += orders[slot] >= least ? 1 : 0;
            var place = Warps.SumBefore(own, lane);
            count = (int)Warps.Sum((uint)own);
            foreach (var slot in Static.Range(AxisSlots))
            {
                if (orders[slot] >= least) entries[place++] = Entry(orders[slot], (slot * WarpLanes) + lane);
            }

            if (isFull)
            {
                own = 0;
                foreach (var slot in Static.Range(AxisSlots)) own += orders[slot] == floor ? 1 : 0;
                place = count + Warps.SumBefore(own, lane);
                count += (int)Warps.Sum((uint)own);
                foreach (var slot in Static.Range(AxisSlots))
                {
                    if (orders[slot] == floor && place < AxisRoom) entries[place++] = Entry(floor, (slot * WarpLanes) + lane);
                }

                count = count < AxisRoom ? count : AxisRoom;
            }
        }
        else
        {
            foreach (var slot in Static.Range(AxisSlots))
            {
                var place = (slot * WarpLanes) + lane;
                if (place < ExpertsPerAxis) entries[place] = Entry(orders[slot], place);
            }
        }

        Warps.Barrier();
        var candidates = Static.Array<ulong>(AxisRoom / WarpLanes);
        var ranks = Static.Array<int>(AxisRoom / WarpLanes);
        foreach (var c in Static.Range(AxisRoom / WarpLanes)) candidates[c] = (c * WarpLanes) + lane < count ? entries[(c * WarpLanes) + lane] : 0ul;
        for (var other = 0; other < count; other++)
        {
            var entry = entries[other];
            foreach (var c in Static.Range(AxisRoom / WarpLanes)) ranks[c] += entry > candidates[c] ? 1 : 0;
        }

        foreach (var c in Static.Range(AxisRoom / WarpLanes))
        {
            if ((c * WarpLanes) + lane < count && ranks[c] < Listed)
            {
                listKeys[start + ranks[c]] = DeviceMath.Ordered((uint)(candidates[c] >> 32));
                listIds[start + ranks[c]] = (int)~(uint)candidates[c];
            }
        }

        // The next list's candidates take the place of these.
        Warps.Barrier();
    }

    /// <summary>
    /// A number between a floor and what lies above it. In turn the middle of the values, which is near what is sought, and
    /// that of the numbers, which bounds the number of rounds.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Middle(uint floor, uint above, int round)
    {
        var middle = Order((0.5f * DeviceMath.Ordered(floor)) + (0.5f * DeviceMath.Ordered(above)));
        return round % 2 == 0 && middle > floor && middle < above ? middle : floor + ((above - floor) >> 1); // ILGPU takes a division by 2 for a signed one
    }

    /// <summary>Greater for a better score, and among equals for a lower id: no two are the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Entry(uint order, int id) => ((ulong)order << 32) | (uint)~id;

    /// <summary>Writes the pairs of rank a on one axis with the ranks b = a, a + 1, … on the other, then those with the axes exchanged and b ≠ a.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WritePairs(
        [Specialize] int a, [Specialize] int width, int start, int lane, ArrayView<ulong> entries, ArrayView<float> listKeys, ArrayView<int> listIds)
    {
        foreach (var first in Static.Range(0, (2 * width) - 1, WarpLanes))
        {
            var place = first + lane;
            if (place < (2 * width) - 1)
            {
                var i = place < width ? a : a + place - width + 1;
                var j = place < width ? a + place : a;
                entries[start + place] = Entry(Order(listKeys[i] + listKeys[Listed + j]), (listIds[i] * ExpertsPerAxis) + listIds[Listed + j]);
            }
        }
    }
}
