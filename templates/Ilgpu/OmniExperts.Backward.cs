using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>
/// The gradients. With s = x · U[e] and a = dO · D[e]: dg = a · silu(s), ds = a · g · (σ(s) + s · σ(s) · (1 − σ(s))),
/// dx = Σ ds · U[e], dU[e] += ds · x, dD[e] += silu(s) · g · dO. First every token, then every expert, whose slots are added
/// in their order: the same bits on every run.
/// </content>
internal static partial class OmniExperts
{
    /// <summary>The tokens, a group for each; rows are aligned to <see cref="VectorWidth"/> elements.</summary>
    public static void RunBackwardGroup(
        ArrayView<float> hidden, ArrayView<float> up, ArrayView<float> down, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> gradOutput,
        ArrayView<float> gradHidden, ArrayView<float> gradWeights, ArrayView<float> sumGradients, ArrayView<float> activations, OmniExpertsSizes sizes)
    {
        var ids = SharedMemory.Allocate<int>(TopK);
        var factors = SharedMemory.Allocate<float>(TopK);
        BackwardGroup(VectorWidth, hidden, up, down, weights, experts, gradOutput, gradHidden, gradWeights, sumGradients, activations, sizes, ids, factors);
    }

    /// <summary>The tokens, a group for each, wherever rows lie.</summary>
    public static void RunBackwardUnaligned(
        ArrayView<float> hidden, ArrayView<float> up, ArrayView<float> down, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> gradOutput,
        ArrayView<float> gradHidden, ArrayView<float> gradWeights, ArrayView<float> sumGradients, ArrayView<float> activations, OmniExpertsSizes sizes)
    {
        var ids = SharedMemory.Allocate<int>(TopK);
        var factors = SharedMemory.Allocate<float>(TopK);
        BackwardGroup(1, hidden, up, down, weights, experts, gradOutput, gradHidden, gradWeights, sumGradients, activations, sizes, ids, factors);
    }

    /// <summary>The tokens, a thread for each.</summary>
    public static void RunBackwardThread(
        ArrayView<float> hidden, ArrayView<float> up, ArrayView<float> down, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> gradOutput,
        ArrayView<float> gradHidden, ArrayView<float> gradWeights, ArrayView<float> sumGradients, ArrayView<float> activations, OmniExpertsSizes sizes)
    {
        long token = (Grid.IdxX * Group.DimX) + Group.IdxX;
        if (token >= sizes.Tokens) return;
        var gradHiddenRow = token * sizes.GradHiddenStride;
        for (var h = 0; h < HiddenSize; h++) gradHidden[gradHiddenRow + h] = 0f;
        for (var slot = 0; slot < TopK; slot++)
        {
            var id = Id(experts[(token * sizes.ExpertsStride) + slot]);
            var sum = id == NoExpert ? 0f : DotOfThread(hidden, token * sizes.HiddenStride, up, id * sizes.UpStride);
            var product = id == NoExpert ? 0f : DotOfThread(gradOutput, token * sizes.OutputStride, down, id * sizes.DownStride);
            var factor = WriteSlot(sum, product, weights, gradWeights, sumGradients, activations, sizes, token, slot);
            if (id == NoExpert) continue;
            for (var h = 0; h < HiddenSize; h++) gradHidden[gradHiddenRow + h] += factor * up[(id * sizes.UpStride) + h];
        }
    }

    /// <summary>The experts, for each slot in their order a row of groups, of which those work where an expert begins; rows are aligned.</summary>
    public static void RunExpertsGroup(
        ArrayView<float> hidden, ArrayView<float> gradOutput, ArrayView<float> gradUp, ArrayView<float> gradDown,
        ArrayView<ulong> sortedSlots, ArrayView<float> sumGradients, ArrayView<float> activations, OmniExpertsSizes sizes)
    {
        var h = ((Grid.IdxY * Group.DimX) + Group.IdxX) * VectorWidth;
        if (h < HiddenSize) AddExpert(VectorWidth, hidden, gradOutput, gradUp, gradDown, sortedSlots, sumGradients, activations, sizes, Grid.IdxX, h);
    }

    /// <summary>The same wherever rows lie.</summary>
    public static void RunExpertsUnaligned(
        ArrayView<float> hidden, ArrayView<float> gradOutput, ArrayView<float> gradUp, ArrayView<float> gradDown,
        ArrayView<ulong> sortedSlots, ArrayView<float> sumGradients, ArrayView<float> activations, OmniExpertsSizes sizes)
    {
        var h = (Grid.IdxY * Group.DimX) + Group.IdxX;
        if (h < HiddenSize) AddExpert(1, hidden, gradOutput, gradUp, gradDown, sortedSlots, sumGradients, activations, sizes, Grid.IdxX, h);
    }

    /// <summary>The same with a thread for each slot.</summary>
    public static void RunExpertsThread(
        ArrayView<float> hidden, ArrayView<float> gradOutput, ArrayView<float> gradUp, ArrayView<float> gradDown,
        ArrayView<ulong> sortedSlots, ArrayView<float> sumGradients, ArrayView<float> activations, OmniExpertsSizes sizes)
    {
        var place = (Grid.IdxX * Group.DimX) + Group.IdxX;
        if (place >= sizes.Tokens * TopK) return;
        for (var h = 0; h < HiddenSize; h++) AddExpert(1, hidden, gradOutput, gradUp, gradDown, sortedSlots, sumGradients, activations, sizes, place, h);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void BackwardGroup(
        [Specialize] int width, ArrayView<float> hidden, ArrayView<float> up, ArrayView<float> down, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> gradOutput,
        ArrayView<float> gradHidden, ArrayView<float> gradWeights, ArrayView<float> sumGradients, ArrayView<float> activations, OmniExpertsSizes sizes,
        ArrayView<int> ids, ArrayView<float> factors)
    {
        long token = Grid.IdxX;
        var lane = Warp.LaneIdx;
        for (var slot = Group.IdxX / WarpLanes; slot < TopK; slot += Group.DimX / WarpLanes)
        {
            var id = Id(experts[(token * sizes.ExpertsStride) + slot]);
            var sum = id == NoExpert ? 0f : Dot(width, lane, hidden, token * sizes.HiddenStride, up, id * sizes.UpStride);
            var product = id == NoExpert ? 0f : Dot(width, lane, gradOutput, token * sizes.OutputStride, down, id * sizes.DownStride);
            sum = Warps.Sum(sum);
            product = Warps.Sum(product);
            if (lane == 0)
            {
                ids[slot] = id;
                factors[slot] = WriteSlot(sum, product, weights, gradWeights, sumGradients, activations, sizes, token, slot);
            }
        }

        Group.Barrier();
        Combine(width, up, sizes.UpStride, ids, factors, gradHidden, token * sizes.GradHiddenStride);
    }

    /// <summary>Writes what a slot's products come to, and returns the gradient of s.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float WriteSlot(
        float sum, float product, ArrayView<float> weights, ArrayView<float> gradWeights, ArrayView<float> sumGradients, ArrayView<float> activations,
        OmniExpertsSizes sizes, long token, int slot)
    {
        var weight = weights[(token * sizes.WeightsStride) + slot];
        var sigmoid = DeviceMath.Sigmoid(sum);
        var silu = sum * sigmoid;
        var gradient = product * weight * (sigmoid + (silu * (1f - sigmoid)));
        gradWeights[(token * sizes.GradWeightsStride) + slot] = product * silu;
        activations[(token * TopK) + slot] = silu * weight;
        sumGradients[(token * TopK) + slot] = gradient;
        return gradient;
    }

    /// <summary>Adds up a column's gradients of the expert whose first slot is at a place; elsewhere does nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddExpert(
        [Specialize] int width, ArrayView<float> hidden, ArrayView<float> gradOutput, ArrayView<float> gradUp, ArrayView<float> gradDown,
        ArrayView<ulong> sortedSlots, ArrayView<float> sumGradients, ArrayView<float> activations, OmniExpertsSizes sizes, int place, int h)
    {
        var entry = sortedSlots[place];
        var expert = (uint)(entry >> 32);
        if (expert >= Experts || (place > 0 && (uint)(sortedSlots[place - 1] >> 32) == expert)) return;
        var upPlace = (expert * sizes.GradUpStride) + h;
        var downPlace = (expert * sizes.GradDownStride) + h;
        var up = Load(width, gradUp, upPlace);
        var down = Load(width, gradDown, downPlace);
        while ((uint)(entry >> 32) == expert)
        {
            var slot = (int)(uint)entry;
            long token = slot / TopK;
            place++;
            entry = place < sizes.Tokens * TopK ? sortedSlots[place] : ulong.MaxValue;
            up = MultiplyAdd(width, sumGradients[slot], Load(width, hidden, (token * sizes.HiddenStride) + h), up);
            down = MultiplyAdd(width, activations[slot], Load(width, gradOutput, (token * sizes.OutputStride) + h), down);
        }

        Store(width, up, gradUp, upPlace);
        Store(width, down, gradDown, downPlace);
    }
}
