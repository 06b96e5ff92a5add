using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>The order of a token's candidates, one in each of the first lanes of a warp.</content>
internal static partial class MoeGate<TLogit>
{
    /// <summary>How many candidates beat that of the lane, if it has one.</summary>
    /// <param name="places">Shared memory of the warp.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="place">The lane's candidate; 0 where it has none.</param>
    /// <param name="count">Number of candidates, the same in all lanes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Rank(ArrayView<ulong> places, int lane, ulong place, int count)
    {
        places[lane] = place;
        Warps.Barrier();
        if (count <= 8) return RankOfEight(places, lane);
        if (count <= 16) return RankOfSixteen(places, lane);
        var rank = 0;
        for (var other = 0; other < count; other++) rank += places[other] > place ? 1 : 0;
        return rank;
    }

    /// <summary>Of 64 pairs each lane compares two; four neighbours have those of one candidate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int RankOfEight(ArrayView<ulong> places, int lane)
    {
        var mine = places[lane >> 2];
        var lower = Warps.Ballot(places[lane & 3] > mine);
        var upper = Warps.Ballot(places[(lane & 3) + 4] > mine);
        var shift = (lane & 7) * 4;
        return IntrinsicMath.PopCount(((lower >> shift) & 15u) | (((upper >> shift) & 15u) << 4));
    }

    /// <summary>Two lanes count for one candidate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int RankOfSixteen(ArrayView<ulong> places, int lane)
    {
        var mine = places[lane & 15];
        var start = (lane >> 4) * 8;
        var rank = 0;
        foreach (var other in Static.Range(8)) rank += places[start + other] > mine ? 1 : 0;
        return rank + Warp.ShuffleXor(rank, 16);
    }

    /// <summary>The sum over the first <paramref name="count"/> lanes, the same in all; the others' values are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfFirst(int count, float value)
    {
        if (count > 8)
        {
            value += Warp.ShuffleXor(value, 16);
            value += Warp.ShuffleXor(value, 8);
        }

        value += Warp.ShuffleXor(value, 4);
        value += Warp.ShuffleXor(value, 2);
        value += Warp.ShuffleXor(value, 1);
        return Warp.Shuffle(value, 0);
    }
}
