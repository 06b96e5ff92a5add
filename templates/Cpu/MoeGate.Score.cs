using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>From logits to keys, heads and group scores.</content>
internal static unsafe partial class MoeGate
{
    private const bool SumOfTwo = Groups > 1 && GroupSize > 1 && CorrectionBias;
    private const int FullBlocks = TailExperts == BlockExperts ? BlocksPerGroup : BlocksPerGroup - 1;

    /// <summary>Writes the keys of one row, the head of every block and, for each block, the score of its group.</summary>
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
            for (var b = 0; b < FullBlocks; b++)
            {
                var block = (group * BlocksPerGroup) + b;
                var expert = (group * GroupSize) + (b * BlockExperts);
                heads[block] = ScoreBlock(
                    BlockExperts, logits + expert, call.CorrectionBias + expert, keys + (block * BlockLanes), largest, scale, ref first, ref second);
            }

            if (FullBlocks < BlocksPerGroup)
            {
                var block = (group * BlocksPerGroup) + FullBlocks;
                var expert = (group * GroupSize) + (FullBlocks * BlockExperts);
                heads[block] = ScoreBlock(
                    TailExperts, logits + expert, call.CorrectionBias + expert, keys + (block * BlockLanes), largest, scale, ref first, ref second);
            }

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
        float* target,
        Vector256<float> largest,
        Vector256<float> scale,
        ref Vector256<float> first,
        ref Vector256<float> second)
    {
        var keys = Static.Array<Vector256<float>>(BlockVectors);
        foreach (var v in Static.Range(BlockVectors))
            keys[v] = Simd.LoadFirst(logits + (v * Lanes), Math.Min(Math.Max(experts - (v * Lanes), 0), Lanes), Vector256.Create(Lowest));

        if (CorrectionBias)
        {
            var power = Static.Array<Vector256<float>>(BlockVectors);
            foreach (var v in Static.Range(BlockVectors))
                keys[v] = Simd.ExpRemainder(Scoring == GateScoring.Sigmoid ? -keys[v] : keys[v] - largest, out power[v]);
            foreach (var v in Static.Range(BlockVectors))
            {
                keys[v] = Scoring == GateScoring.Sigmoid
                    ? Simd.SigmoidOfRemainder(keys[v], power[v])
                    : Simd.ExpOfRemainder(keys[v]) * power[v] * scale;
                keys[v] += Simd.LoadFirst(bias + (v * Lanes), Math.Min(Math.Max(experts - (v * Lanes), 0), Lanes), Vector256.Create(Lowest));
            }
        }

        // The comparison's first operand loses when it is NaN: a NaN key is nobody's head.
        var head = Vector256.Create(Lowest);
        foreach (var v in Static.Range(BlockVectors))
        {
            if (!KeysInPlace) keys[v].Store(target + (v * Lanes));
            head = Simd.Larger(keys[v], head);
            if (SumOfTwo) second = Simd.Larger(Simd.Smaller(first, keys[v]), second);
            if (Groups > 1) first = Simd.Larger(keys[v], first);
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
