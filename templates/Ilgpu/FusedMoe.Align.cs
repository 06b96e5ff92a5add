using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>What the tensor-core products need: slots in the order of their experts, activations as bfloat16.</content>
internal static partial class FusedMoe<TWeight, TSum>
{
    // Loads that a thread has under way.
    private const int SlotsAtOnce = 4;

    /// <summary>
    /// The first group sorts the slots by counting and pads those of each expert to whole blocks; the others round the hidden
    /// states. One launch, no host in between.
    /// </summary>
    /// <param name="hidden">Hidden states [T, H].</param>
    /// <param name="weights">Router weights [T, k].</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="rounded">Receives the hidden states, two bfloat16 an element: [T, H / 2].</param>
    /// <param name="sortedSlots">Receives the slots by expert; the number of slots pads.</param>
    /// <param name="blockExperts">Receives the expert of each block.</param>
    /// <param name="paddedSlots">Receives the number of sorted and padded slots, [1].</param>
    /// <param name="slotWeights">Receives the router weight of each slot.</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void Prepare(
        ArrayView<float> hidden, ArrayView<float> weights, ArrayView<int> experts, ArrayView<uint> rounded, ArrayView<int> sortedSlots,
        ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> slotWeights, ExpertsSizes sizes)
    {
        if (Grid.IdxX == 0) Align(weights, experts, sortedSlots, blockExperts, paddedSlots, slotWeights, sizes);
        else Round(hidden, rounded, sizes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Align(
        ArrayView<float> weights, ArrayView<int> experts, ArrayView<int> sortedSlots,
        ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> slotWeights, ExpertsSizes sizes)
    {
        var next = SharedMemory.Allocate<int>(Experts);
        var ends = SharedMemory.Allocate<int>(ExpertsLaunch.MaxThreads);
        var (thread, threads) = (Group.IdxX, Group.DimX);
        var slots = sizes.Tokens * TopK;
        for (var expert = thread; expert < Experts; expert += threads) next[expert] = 0;
        Group.Barrier();
        for (var first = thread; first < slots; first += threads * SlotsAtOnce)
        {
            var expert = Static.Array<int>(SlotsAtOnce);
            foreach (var i in Static.Range(SlotsAtOnce))
            {
                var slot = first + (i * threads);
                expert[i] = -1;
                if (slot < slots)
                {
                    expert[i] = ExpertOf(experts, sizes, slot);
                    slotWeights[slot] = weights[(slot / TopK * sizes.WeightsStride) + (slot % TopK)];
                }
            }

            foreach (var i in Static.Range(SlotsAtOnce))
            {
                if (IsExpert(expert[i])) Atomic.Add(ref next[expert[i]], 1);
            }
        }

        Group.Barrier();

        // Each thread counts the blocks of a few experts; the running sum over all threads says where they start.
        var expertsOfThread = (Experts + threads - 1) / threads;
        var firstExpert = thread * expertsOfThread;
        var endExpert = IntrinsicMath.Min(firstExpert + expertsOfThread, Experts);
        var blocks = 0;
        for (var expert = firstExpert; expert < endExpert; expert++) blocks += (next[expert] + sizes.BlockM - 1) / sizes.BlockM;
        ends[thread] = blocks;
        Group.Barrier();
        for (var step = 1; step < threads; step *= 2)
        {
            var before = thread >= step ? ends[thread - step] : 0;
            Group.Barrier();
            ends[thread] += before;
            Group.Barrier();
        }

        var block = ends[thread] - blocks;
        for (var expert = firstExpert; expert < endExpert; expert++)
        {
            var end = (block * sizes.BlockM) + next[expert];
            next[expert] = block * sizes.BlockM;
            for (; block * sizes.BlockM < end; block++) blockExperts[block] = expert;
        }

        // Every place pads until a slot takes it.
        var places = ends[threads - 1] * sizes.BlockM;
        for (var place = thread; place < places; place += threads) sortedSlots[place] = slots;
        if (thread == 0) paddedSlots[0] = places;
        Group.Barrier();
        for (var first = thread; first < slots; first += threads * SlotsAtOnce)
        {
            var expert = Static.Array<int>(SlotsAtOnce);
            foreach (var i in Static.Range(SlotsAtOnce)) expert[i] = first + (i * threads) < slots ? ExpertOf(experts, sizes, first + (i * threads)) : -1;
            foreach (var i in Static.Range(SlotsAtOnce))
            {
                if (IsExpert(expert[i])) sortedSlots[Atomic.Add(ref next[expert[i]], 1)] = first + (i * threads);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ArrayView<float> hidden, ArrayView<uint> rounded, ExpertsSizes sizes)
    {
        const int Pairs = HiddenSize / 2;
        var threads = Group.DimX;
        var parts = (Pairs + threads - 1) / threads;
        for (var item = Grid.IdxX - 1; item < sizes.Tokens * parts; item += Grid.DimX - 1)
        {
            var token = item / parts;
            var pair = (item % parts * threads) + Group.IdxX;
            if (pair < Pairs)
            {
                var first = (token * sizes.HiddenStride) + (pair * 2);
                rounded[(token * (long)Pairs) + pair] = BFloat16Bits.Of(hidden[first]) | (BFloat16Bits.Of(hidden[first + 1]) << 16);
            }
        }
    }
}
