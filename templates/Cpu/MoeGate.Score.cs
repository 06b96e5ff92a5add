using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>From logits to keys, heads and group scores.</content>
internal static unsafe partial class MoeGate
{
    private const bool SumOfTwo = CorrectionBias && GroupSize > 1;

    /// <summary>Writes the keys of one row, the head of every block and, for each block, the score of its group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Score(in GateArguments call, float* logits, float* keys, float* heads, float* groupScores)
    {
        var scale = Vector256<float>.Zero;
        var largest = Vector256<float>.Zero;
        if (Scoring == GateScoring.Softmax && CorrectionBias)
        {
            largest = Vector256.Create(Largest(logits));
            scale = Vector256.Create(1 / SumOfExponentials(logits, largest));
        }

        for (var group = 0; group < Groups; group++)
        {
            var first = Vector256.Create(Lowest);
            var second = Vector256.Create(Lowest);
            var blockHeads = heads + (group * BlocksPerGroup);
            for (var b = 0; b < BlocksPerGroup - 1; b++)
            {
                var block = (group * BlocksPerGroup) + b;
                var expert = (group * GroupSize) + (b * BlockExperts);
                blockHeads[b] = ScoreBlock(
                    BlockExperts, logits + expert, call.CorrectionBias + expert, keys + (block * BlockLanes), largest, scale, ref first, ref second);
            }

            const int TailStart = (BlocksPerGroup - 1) * BlockExperts;
            const int TailBlock = BlocksPerGroup - 1;
            var tail = (group * GroupSize) + TailStart;
            blockHeads[TailBlock] = ScoreBlock(
                TailExperts,
                logits + tail,
                call.CorrectionBias + tail,
                keys + (((group * BlocksPerGroup) + TailBlock) * BlockLanes),
                largest,
                scale,
                ref first,
                ref second);

            if (Groups > 1)
            {
                var score = SumOfTwo ? TwoLargest(first, second) : Simd.MaxAcross(first).ToScalar();
                foreach (var b in Static.Range(BlocksPerGroup)) groupScores[(group * BlocksPerGroup) + b] = score;
            }
        }
    }

    /// <summary>Writes the keys of one block and returns its head; the group's two largest keys of each lane move along.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ScoreBlock(
        [Specialize] int experts,
        float* logits,
        float* bias,
        float* keys,
        Vector256<float> largest,
        Vector256<float> scale,
        ref Vector256<float> first,
        ref Vector256<float> second)
    {
        var head = Vector256.Create(Lowest);
        foreach (var v in Static.Range(BlockVectors))
        {
            var held = Math.Min(Math.Max(experts - (v * Lanes), 0), Lanes);
            var key = Vector256.Create(Lowest);
            if (held > 0)
            {
                key = Simd.LoadFirst(logits + (v * Lanes), held, key);
                if (CorrectionBias)
                {
                    var score = Scoring == GateScoring.Sigmoid ? Simd.Sigmoid(key) : Simd.Exp(key - largest) * scale;
                    key = score + Simd.LoadFirst(bias + (v * Lanes), held, Vector256.Create(Lowest));
                }

                // Above, the comparison's first operand loses when it is NaN: a NaN key is nobody's head.
                head = Simd.Larger(key, head);
                if (Groups > 1)
                {
                    if (SumOfTwo) second = Simd.Larger(Simd.Smaller(first, key), second);
                    first = Simd.Larger(key, first);
                }
            }

            if (!KeysInPlace) key.Store(keys + (v * Lanes));
        }

        return Simd.MaxAcross(head).ToScalar();
    }

    /// <summary>The largest logit of a row.</summary>
    private static float Largest(float* logits)
    {
        var largest = Vector256.Create(Lowest);
        var e = 0;
        for (; e <= Experts - Lanes; e += Lanes) largest = Simd.Larger(Vector256.Load(logits + e), largest);
        if (Experts % Lanes != 0) largest = Simd.Larger(Simd.LoadFirst(logits + e, Experts % Lanes, largest), largest);
        return Simd.MaxAcross(largest).ToScalar();
    }

    /// <summary>The denominator of softmax. A NaN logit adds nothing.</summary>
    private static float SumOfExponentials(float* logits, Vector256<float> largest)
    {
        var sum = Vector256<float>.Zero;
        var e = 0;
        for (; e <= Experts - Lanes; e += Lanes) sum += Exponential(Vector256.Load(logits + e), largest);
        if (Experts % Lanes != 0) sum += Exponential(Simd.LoadFirst(logits + e, Experts % Lanes, Vector256.Create(Lowest)), largest);
        return Simd.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Exponential(Vector256<float> logits, Vector256<float> largest) =>
        Simd.Exp(Simd.Larger(logits - largest, Vector256.Create(Lowest)));
}
