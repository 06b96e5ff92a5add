using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>What the tensor-core products need: slots in the order of their experts, activations as bfloat16.</content>
internal static partial class FusedMoe<TWeight>
{
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
        ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> slotWeights, ExpertSizes sizes)
    {
        if (Grid.IdxX == 0) Align(weights, experts, sortedSlots, blockExperts, paddedSlots, slotWeights, sizes);
        else Round(hidden, rounded, sizes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Align(
        ArrayView<float> weights, ArrayView<int> experts, ArrayView<int> sortedSlots,
        ArrayView<int> blockExperts, ArrayView<int> paddedSlots, ArrayView<float> slotWeights, ExpertSizes sizes)
    {
        var next = SharedMemory.Allocate<int>(Experts);
        var ends = SharedMemory.Allocate<int>(ExpertLaunch.MostThreads);
        var (thread, threads) = (Group.IdxX, Group.DimX);
        var slots = sizes.Tokens * TopK;
        for (var expert = thread; expert < Experts; expert += threads) next[expert] = 0;
        Group.Barrier();
        for (var slot = thread; slot < slots; slot += threads)
        {
            var expert = ExpertOf(experts, sizes, slot);
            slotWeights[slot] = weights[(slot / TopK * sizes.WeightsStride) + (slot % TopK)];
            if (IsExpert(expert)) Atomic.Add(ref next[expert], 1);
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
            for (var place = end; place < block * sizes.BlockM; place++) sortedSlots[place] = slots;
        }

        if (thread == threads - 1) paddedSlots[0] = ends[thread] * sizes.BlockM;
        Group.Barrier();
        for (var slot = thread; slot < slots; slot += threads)
        {
            var expert = ExpertOf(experts, sizes, slot);
            if (IsExpert(expert)) sortedSlots[Atomic.Add(ref next[expert], 1)] = slot;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ArrayView<float> hidden, ArrayView<uint> rounded, ExpertSizes sizes)
    {
        var step = (Grid.DimX - 1) * (long)Group.DimX;
        for (var pair = ((Grid.IdxX - 1) * (long)Group.DimX) + Group.IdxX; pair < sizes.Tokens * (long)(HiddenSize / 2); pair += step)
        {
            var token = pair / (HiddenSize / 2);
            var first = (token * sizes.HiddenStride) + (pair % (HiddenSize / 2) * 2);
            rounded[pair] = Brain.Bits(hidden[first]) | (Brain.Bits(hidden[first + 1]) << 16);
        }
    }
}
