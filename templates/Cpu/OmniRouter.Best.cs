using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>
/// The best numbers of a list in descending order. The list lies in blocks; the largest number of each is its head. Finding
/// the next number takes one look at the heads and one at a single block.
/// </content>
internal static unsafe partial class OmniRouter
{
    /// <summary>Takes the best of several lists side by side: their chains of dependent steps overlap.</summary>
    /// <param name="lists">Number of lists.</param>
    /// <param name="blocks">Blocks of a list, at most 64.</param>
    /// <param name="vectors">Vectors of a block, 64 numbers at most.</param>
    /// <param name="rounds">Numbers to take.</param>
    /// <param name="keys">Each list's numbers. NaN is nobody's best.</param>
    /// <param name="best">Receives each list's best numbers and the one that would be next; −∞ when there is none.</param>
    /// <param name="places">Receives their places, of equal numbers the first place first. Behind a −∞ they mean nothing.</param>
    /// <param name="room">Elements from one list's results to the next's.</param>
    [SkipLocalsInit]
    private static void TakeBest(
        [Specialize] int lists, [Specialize] int blocks, [Specialize] int vectors, [Specialize] int rounds, float** keys, float* best, int* places, [Specialize] int room)
    {
        var headVectors = (blocks + Lanes - 1) / Lanes;
        var blockHeads = stackalloc float[headVectors * Lanes];
        var list = Static.Array<nint>(lists);
        var heads = Static.Array<Vector256<float>>(lists, headVectors);
        foreach (var l in Static.Range(lists))
        {
            list[l] = (nint)keys[l];
            WriteHeads(blocks, vectors, keys[l], blockHeads);
            foreach (var v in Static.Range(headVectors)) heads[l, v] = Vector256.Load(blockHeads + (v * Lanes));
        }

        // Equal numbers go one by one: `taken` marks those of the block at hand that went already.
        var taken = Static.Array<ulong>(lists);
        for (nint rank = 0; rank < rounds; rank++)
        {
            foreach (var l in Static.Range(lists))
            {
                var top = heads[l, 0];
                foreach (var v in Static.Range(1, headVectors)) top = Simd.Larger(top, heads[l, v]);
                top = Simd.MaxAcross(top);
                var holders = Hits(heads[l, 0], top);
                foreach (var v in Static.Range(1, headVectors)) holders |= Hits(heads[l, v], top) << (v * Lanes);
                var block = BitOperations.TrailingZeroCount(holders);

                var numbers = (float*)list[l] + ((nint)block * (vectors * Lanes));
                var hits = 0UL;
                var next = Vector256.Create(Lowest);
                foreach (var v in Static.Range(vectors))
                {
                    var number = Vector256.Load(numbers + (v * Lanes));
                    hits |= Hits(number, top) << (v * Lanes);
                    next = Simd.Larger(Below(number, top), next);
                }

                hits &= ~taken[l];
                best[(l * room) + rank] = top.ToScalar();
                places[(l * room) + rank] = (block * (vectors * Lanes)) + BitOperations.TrailingZeroCount(hits);
                var others = hits & (hits - 1);
                if (others == 0)
                {
                    taken[l] = 0;
                    next = Simd.MaxAcross(next);
                }
                else
                {
                    taken[l] |= hits ^ others;
                    next = top;
                }

                // The block's head is now its next best.
                foreach (var v in Static.Range(headVectors))
                {
                    var here = Vector256.Equals(Vector256.LoadUnsafe(in Simd.LaneNumbers(v * Lanes)), Vector256.Create(block)).AsSingle();
                    heads[l, v] = Vector256.ConditionalSelect(here, next, heads[l, v]);
                }
            }
        }

        foreach (var l in Static.Range(lists))
        {
            var top = heads[l, 0];
            foreach (var v in Static.Range(1, headVectors)) top = Simd.Larger(top, heads[l, v]);
            best[(l * room) + rounds] = Simd.MaxAcross(top).ToScalar();
        }
    }

    /// <summary>Writes the largest number of every block, and −∞ behind the last block.</summary>
    [SkipLocalsInit]
    private static void WriteHeads([Specialize] int blocks, [Specialize] int vectors, float* numbers, float* heads)
    {
        var maxima = stackalloc Vector256<float>[(blocks + Lanes - 1) / Lanes * Lanes];
        foreach (var i in Static.Range(blocks, (blocks + Lanes - 1) / Lanes * Lanes)) maxima[i] = Vector256.Create(Lowest);
        for (nint block = 0; block < blocks; block++)
        {
            // The comparison's first operand loses when it is NaN.
            var head = Vector256.Create(Lowest);
            foreach (var v in Static.Range(vectors)) head = Simd.Larger(Vector256.Load(numbers + (v * Lanes)), head);
            maxima[block] = head;
            numbers += vectors * Lanes;
        }

        foreach (var v in Static.Range((blocks + Lanes - 1) / Lanes)) Simd.LargestOfEach(maxima + (v * Lanes)).Store(heads + (v * Lanes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Hits(Vector256<float> numbers, Vector256<float> top) => Vector256.Equals(numbers, top).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Below(Vector256<float> numbers, Vector256<float> top) =>
        Vector256.ConditionalSelect(Vector256.LessThan(numbers, top), numbers, Vector256.Create(Lowest));
}
