using System;
using System.Runtime.Intrinsics;

namespace KernelGen.Templates.Cpu;

/// <content>
/// The pairs of ranks (a, b) with (a + 1)(b + 1) ≤ k: row a has ⌊k / (a + 1)⌋ of them. Behind rank k / 2 a row has but one, and
/// these rows are written side by side.
/// </content>
internal static unsafe partial class OmniRouter
{
    private const int WideRows = TopK / 2 < Ranks ? TopK / 2 : Ranks;
    private const int NarrowRows = Ranks - WideRows;
    private const int PairBlockLanes = PairBlockVectors * Lanes;
    private const int PairBlocks = (Pairs + PairBlockLanes - 1) / PairBlockLanes;

    /// <summary>Room for whole blocks, and for a vector that starts at any pair or right behind the last.</summary>
    private const int PairRoom = (PairBlocks * PairBlockLanes) + Lanes;

    /// <summary>Room for the chosen pairs and the next one.</summary>
    private const int ChosenRoom = TopK + 1;

    /// <summary>Writes the sums and ids of the pairs; what follows the sums is −∞.</summary>
    /// <param name="best">The best of the first axis and, one room of ranks behind them, of the second.</param>
    /// <param name="places">Their ids.</param>
    /// <param name="sums">Receives the sums.</param>
    /// <param name="ids">Receives the ids of the experts.</param>
    private static void WritePairs(float* best, int* places, float* sums, int* ids)
    {
        var y = best + RankRoom;
        var columns = places + RankRoom;
        foreach (var a in Static.Range(WideRows))
        {
            // A row's last vector reaches into the next row, which is written after it.
            foreach (var b in Static.Range(0, Math.Min(ExpertsPerAxis, TopK / (a + 1)), Lanes))
            {
                (Vector256.Create(best[a]) + Vector256.Load(y + b)).Store(sums + b);
                (Vector256.Create(places[a] * ExpertsPerAxis) + Vector256.Load(columns + b)).Store(ids + b);
            }

            sums += Math.Min(ExpertsPerAxis, TopK / (a + 1));
            ids += Math.Min(ExpertsPerAxis, TopK / (a + 1));
        }

        foreach (var a in Static.Range(0, NarrowRows, Lanes))
        {
            (Vector256.Load(best + WideRows + a) + Vector256.Create(y[0])).Store(sums + a);
            ((Vector256.Load(places + WideRows + a) * ExpertsPerAxis) + Vector256.Create(columns[0])).Store(ids + a);
        }

        foreach (var rest in Static.Range(0, (PairBlocks * PairBlockLanes) - Pairs, Lanes)) Vector256.Create(Lowest).Store(sums + NarrowRows + rest);
    }

    /// <summary>
    /// Whether a corner of what was not looked at has this sum. Where k or more ranks exist, (k, 0) and (0, k) are corners too;
    /// <paramref name="x"/> and <paramref name="y"/> hold the numbers that come after the k best for them.
    /// </summary>
    private static bool CornerEquals(float* x, float* y, float sum)
    {
        var equal = false;
        foreach (var a in Static.Range(Math.Min(TopK + 1, ExpertsPerAxis)))
        {
            // Row a's first pair that was left out; the row above has left out the same column unless this is a corner.
            if (TopK / (a + 1) < ExpertsPerAxis && (a == 0 || TopK / (a + 1) < TopK / Math.Max(a, 1)))
                equal |= x[a] + y[TopK / (a + 1)] == sum;
        }

        return equal;
    }
}
