using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <summary>
/// The product-key router: the k best of the n² sums Lx[t, i] + Ly[t, j], from the k best of each axis and the few pairs
/// of these that can be among the k best. Several tokens are routed side by side, so that one computes while another waits.
/// </summary>
/// <remarks>
/// <para>Why few pairs suffice. Rank each axis by value, equal ones by id. Rounding is monotone: a pair whose ranks are
/// both no higher than those of pair (a, b) has a sum no smaller. There are (a + 1)(b + 1) − 1 of them, so where
/// (a + 1)(b + 1) &gt; k, at least k other pairs score no less, and the k best values all occur among the other pairs.</para>
/// <para>Which id a tie at the k-th value goes to is another matter: x' &gt; x may round to the same sum with a higher id. So
/// where a pair that was left out, chosen or not looked at, equals the k-th score, <see cref="OmniRow"/> decides. Of the pairs
/// not looked at only the corners can: those with no other such pair above them in both ranks.</para>
/// <para>A row with fewer than k numbers above −∞ on an axis, or a k-th score not above it, is <see cref="OmniRow"/>'s too.</para>
/// </remarks>
[KernelTemplate]
internal static unsafe partial class OmniRouter
{
    [Specialize] private const int ExpertsPerAxis = 256;
    [Specialize] private const int TopK = 16;

    /// <summary>Floats of a vector.</summary>
    [Specialize] private const int Lanes = 8;

    /// <summary>Pairs of ranks that can be among the best: Σ min(n, ⌊k / (a + 1)⌋).</summary>
    [Specialize] private const int Pairs = 50;

    /// <summary>Vectors of a block of keys.</summary>
    [Specialize] private const int AxisBlockVectors = 4;

    /// <summary>Vectors of a block of pairs.</summary>
    [Specialize] private const int PairBlockVectors = 1;

    /// <summary>Tokens that are routed side by side when there are enough.</summary>
    private const int TileTokens = 2;

    private const float Lowest = float.NegativeInfinity;

    /// <summary>Best keys of an axis that can be part of a chosen pair.</summary>
    private const int Ranks = TopK < ExpertsPerAxis ? TopK : ExpertsPerAxis;

    /// <summary>Room for the best of an axis, the next one, and whole vectors read from any of them on.</summary>
    private const int RankRoom = (((Ranks + Lanes) / Lanes) + 1) * Lanes;

    // Keys in whole blocks are read where they lie.
    private const int AxisBlocks = (ExpertsPerAxis + (AxisBlockVectors * Lanes) - 1) / (AxisBlockVectors * Lanes);
    private const int AxisRoom = AxisBlocks * AxisBlockVectors * Lanes;
    private const bool KeysInPlace = AxisRoom == ExpertsPerAxis;
    private const int KeyRoom = KeysInPlace ? 0 : AxisRoom;

    /// <summary>Routes the tokens of a call.</summary>
    internal static void Run(in OmniRouterArguments arguments)
    {
        var copy = arguments;
        var call = &copy;
        var token = 0;
        for (; token <= call->Tokens - TileTokens; token += TileTokens) RouteTile(TileTokens, call, token);
        for (; token < call->Tokens; token++) RouteTile(1, call, token);
    }

    /// <summary>Routes a few tokens side by side.</summary>
    [SkipLocalsInit]
    private static void RouteTile([Specialize] int tokens, OmniRouterArguments* call, int token)
    {
        // In the order of tokens, x before y.
        var keys = stackalloc float*[2 * tokens];
        var best = stackalloc float[2 * tokens * RankRoom];
        var places = stackalloc int[2 * tokens * RankRoom];
        var padded = stackalloc float[(2 * tokens * KeyRoom) + 1];
        foreach (var t in Static.Range(tokens))
        {
            keys[2 * t] = call->X + ((token + t) * call->XStride);
            keys[(2 * t) + 1] = call->Y + ((token + t) * call->YStride);
        }

        if (!KeysInPlace)
        {
            foreach (var axis in Static.Range(2 * tokens))
            {
                Pad(keys[axis], padded + (axis * KeyRoom));
                keys[axis] = padded + (axis * KeyRoom);
            }
        }

        TakeBest(2 * tokens, AxisBlocks, AxisBlockVectors, Ranks, keys, best, places, RankRoom);

        var sums = stackalloc float[tokens * PairRoom];
        var ids = stackalloc int[tokens * PairRoom];
        var chosen = stackalloc float[tokens * ChosenRoom];
        var chosenPlaces = stackalloc int[tokens * ChosenRoom];
        foreach (var t in Static.Range(tokens))
        {
            WritePairs(best + (2 * t * RankRoom), places + (2 * t * RankRoom), sums + (t * PairRoom), ids + (t * PairRoom));
            keys[t] = sums + (t * PairRoom);
        }

        TakeBest(tokens, PairBlocks, PairBlockVectors, TopK, keys, chosen, chosenPlaces, ChosenRoom);
        foreach (var t in Static.Range(tokens))
        {
            var x = best + (2 * t * RankRoom);
            var y = x + RankRoom;
            var worst = chosen[(t * ChosenRoom) + TopK - 1];
            if (!(x[Ranks - 1] > Lowest && y[Ranks - 1] > Lowest && worst > Lowest))
                OmniRow.Route(call, token + t, ExpertsPerAxis, TopK, float.NaN);
            else if (chosen[(t * ChosenRoom) + TopK] == worst || CornerEquals(x, y, worst))
                OmniRow.Route(call, token + t, ExpertsPerAxis, TopK, worst);
            else
                WriteChosen(call, token + t, chosen + (t * ChosenRoom), chosenPlaces + (t * ChosenRoom), ids + (t * PairRoom));
        }
    }

    /// <summary>Copies the keys of an axis; what follows them is −∞.</summary>
    private static void Pad(float* keys, float* padded)
    {
        nint i = 0;
        for (; i <= ExpertsPerAxis - Lanes; i += Lanes) Vector256.Load(keys + i).Store(padded + i);
        if (ExpertsPerAxis % Lanes != 0)
        {
            Simd.LoadFirst(keys + i, ExpertsPerAxis % Lanes, Vector256.Create(Lowest)).Store(padded + i);
            i += Lanes;
        }

        for (; i < AxisRoom; i += Lanes) Vector256.Create(Lowest).Store(padded + i);
    }

    /// <summary>Writes a token's row; experts of equal score in the order of their ids.</summary>
    private static void WriteChosen(OmniRouterArguments* call, int token, float* chosen, int* places, int* ids)
    {
        var scores = call->Scores + (token * call->ScoresStride);
        var indices = call->Indices + (token * call->IndicesStride);
        for (nint rank = 0; rank < TopK; rank++)
        {
            var score = chosen[rank];
            var id = ids[places[rank]];
            scores[rank] = score;
            var place = rank;
            for (; place > 0 && scores[place - 1] == score && indices[place - 1] > id; place--) indices[place] = indices[place - 1];
            indices[place] = id;
        }
    }
}
