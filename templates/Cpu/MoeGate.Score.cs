using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>From logits to keys and heads.</content>
internal static unsafe partial class MoeGate<TLogit>
{
    private const int FullBlocks = TailExperts == BlockExperts ? BlocksPerGroup : BlocksPerGroup - 1;

    /// <summary>Writes the keys of one row, every block from a vector of its own on; lanes behind its last expert hold −∞.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteKeys(float* logits, float* bias, float* keys)
    {
        if (FullBlocks == BlocksPerGroup)
        {
            for (var e = 0; e < Experts; e += BlockExperts)
            {
                WriteBlock(BlockExperts, logits + e, bias + e, keys);
                keys += BlockLanes;
            }
        }
        else
        {
            for (var first = 0; first < Experts; first += GroupSize)
            {
                for (var e = first; e < first + GroupSize - TailExperts; e += BlockExperts)
                {
                    WriteBlock(BlockExperts, logits + e, bias + e, keys);
                    keys += BlockLanes;
                }

                var tail = first + GroupSize - TailExperts;
                WriteBlock(TailExperts, logits + tail, bias + tail, keys);
                keys += BlockLanes;
            }
        }
    }

    /// <summary>The same for biased softmax.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteSoftmaxKeys(float* logits, float* bias, float* keys)
    {
        var largest = Vector256.Create(Largest(logits));
        var scale = Vector256.Create(1 / SumOfExponentials(logits, largest));
        if (FullBlocks == BlocksPerGroup)
        {
            for (var e = 0; e < Experts; e += BlockExperts)
            {
                WriteSoftmaxBlock(BlockExperts, logits + e, bias + e, keys, largest, scale);
                keys += BlockLanes;
            }
        }
        else
        {
            for (var first = 0; first < Experts; first += GroupSize)
            {
                for (var e = first; e < first + GroupSize - TailExperts; e += BlockExperts)
                {
                    WriteSoftmaxBlock(BlockExperts, logits + e, bias + e, keys, largest, scale);
                    keys += BlockLanes;
                }

                var tail = first + GroupSize - TailExperts;
                WriteSoftmaxBlock(TailExperts, logits + tail, bias + tail, keys, largest, scale);
                keys += BlockLanes;
            }
        }
    }

    /// <summary>The keys of one block. The vectors go through each stage together: one computes while another waits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteBlock([Specialize] int experts, float* logits, float* bias, float* keys)
    {
        var key = Static.Array<Vector256<float>>(BlockVectors);
        foreach (var v in Static.Range(BlockVectors))
            key[v] = experts >= (v + 1) * Lanes ? Vector256.Load(logits + (v * Lanes)) : LoadHeld(logits + (v * Lanes), experts - (v * Lanes));
        if (CorrectionBias)
        {
            if (Scoring == GateScoring.Sigmoid)
            {
                var power = Static.Array<Vector256<float>>(BlockVectors);
                foreach (var v in Static.Range(BlockVectors)) key[v] = Simd.ExpRemainder(-key[v], out power[v]);
                foreach (var v in Static.Range(BlockVectors)) key[v] = Simd.SigmoidOfRemainder(key[v], power[v]);
            }
            else
            {
                foreach (var v in Static.Range(BlockVectors)) key[v] = Simd.SqrtSoftplus(key[v]);
            }

            foreach (var v in Static.Range(BlockVectors))
                key[v] += experts >= (v + 1) * Lanes ? Vector256.Load(bias + (v * Lanes)) : LoadHeld(bias + (v * Lanes), experts - (v * Lanes));
        }

        foreach (var v in Static.Range(BlockVectors)) key[v].Store(keys + (v * Lanes));
    }

    /// <summary>The same for biased softmax.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteSoftmaxBlock([Specialize] int experts, float* logits, float* bias, float* keys, Vector256<float> largest, Vector256<float> scale)
    {
        var key = Static.Array<Vector256<float>>(BlockVectors);
        var power = Static.Array<Vector256<float>>(BlockVectors);
        foreach (var v in Static.Range(BlockVectors))
        {
            key[v] = experts >= (v + 1) * Lanes ? Vector256.Load(logits + (v * Lanes)) : LoadHeld(logits + (v * Lanes), experts - (v * Lanes));
            key[v] = Simd.ExpRemainder(key[v] - largest, out power[v]);
        }

        foreach (var v in Static.Range(BlockVectors))
        {
            key[v] = Simd.ExpOfRemainder(key[v]) * power[v] * scale;
            key[v] += experts >= (v + 1) * Lanes ? Vector256.Load(bias + (v * Lanes)) : LoadHeld(bias + (v * Lanes), experts - (v * Lanes));
            key[v].Store(keys + (v * Lanes));
        }
    }

    /// <summary>The score of every lane, where it is each expert's own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Score(Vector256<float> logits) =>
        Scoring == GateScoring.Sigmoid ? Simd.Sigmoid(logits) : Simd.SqrtSoftplus(logits);

    /// <summary>The numbers that a vector behind the last whole one of a block still holds, and −∞ in the lanes after them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> LoadHeld(float* source, [Specialize] int held) =>
        held > 0 ? Simd.LoadFirst(source, held, Vector256.Create(Lowest)) : Vector256.Create(Lowest);

    /// <summary>Writes the largest key of every block.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="maxima">Room for a vector for each lane of the heads; those behind the last block hold −∞.</param>
    /// <param name="heads">Receives the heads, −∞ behind the last block.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteHeads(float* keys, Vector256<float>* maxima, float* heads)
    {
        for (var block = 0; block < Blocks; block++)
        {
            // The comparison's first operand loses when it is NaN: a NaN key is nobody's head.
            var head = Vector256.Create(Lowest);
            foreach (var v in Static.Range(BlockVectors)) head = Simd.Larger(Vector256.Load(keys + (v * Lanes)), head);
            maxima[block] = head;
            keys += BlockLanes;
        }

        foreach (var v in Static.Range(HeadVectors)) Simd.LargestOfEach(maxima + (v * Lanes)).Store(heads + (v * Lanes));
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
