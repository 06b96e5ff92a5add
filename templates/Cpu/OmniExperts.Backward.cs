using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>
/// The gradients. With s = x · U[e] and a = dO · D[e]: dg = a · silu(s), ds = a · g · (σ(s) + s · σ(s) · (1 − σ(s))),
/// dx = Σ ds · U[e], dU[e] += ds · x, dD[e] += silu(s) · g · dO. First every token, then every expert, whose slots are added
/// in their order: the same bits on every run.
/// </content>
internal static unsafe partial class OmniExperts
{
    /// <summary>Slots of a work item of the second phase, roughly: an expert's slots stay together.</summary>
    private const int SlotsPerItem = 64;

    /// <summary>Computes the gradients of a call.</summary>
    internal static void RunBackward(in OmniExpertsGradients gradients)
    {
        var copy = gradients;
        CpuWorkers.Run(&copy, copy.Forward.Tokens, &BackwardToken);
        CpuWorkers.Run(&copy, (int)((((long)copy.Forward.Tokens * TopK) + SlotsPerItem - 1) / SlotsPerItem), &BackwardExperts);
    }

    [SkipLocalsInit]
    private static void BackwardToken(void* context, int token)
    {
        var gradients = (OmniExpertsGradients*)context;
        var call = &gradients->Forward;
        var hidden = call->Hidden + (token * call->HiddenStride);
        var gradOutput = call->Output + (token * call->OutputStride);
        var weights = call->Weights + (token * call->WeightsStride);
        var experts = call->Experts + (token * call->ExpertsStride);
        var gradWeights = gradients->Weights + (token * gradients->WeightsStride);
        var sumGradients = gradients->SumGradients + ((nint)token * TopK);
        var activations = gradients->Activations + ((nint)token * TopK);
        var sums = stackalloc float[SlotRoom];
        var sigmoids = stackalloc float[SlotRoom];
        for (nint slot = 0; slot < TopK; slot++) sums[slot] = Dot(hidden, call->Up + (experts[slot] * call->UpStride));
        for (nint slot = TopK; slot < SlotRoom; slot++) sums[slot] = 0;
        for (nint slot = 0; slot < SlotRoom; slot += Lanes) Simd.Sigmoid(Vector256.Load(sums + slot)).Store(sigmoids + slot);
        for (nint slot = 0; slot < TopK; slot++)
        {
            var product = Dot(gradOutput, call->Down + (experts[slot] * call->DownStride));
            var silu = sums[slot] * sigmoids[slot];
            gradWeights[slot] = product * silu;
            activations[slot] = silu * weights[slot];
            sumGradients[slot] = product * weights[slot] * (sigmoids[slot] + (silu * (1f - sigmoids[slot])));
        }

        Combine(call->Up, call->UpStride, experts, sumGradients, gradients->Hidden + (token * gradients->HiddenStride));
    }

    /// <summary>The experts whose first slot is one of the item's.</summary>
    private static void BackwardExperts(void* context, int item)
    {
        var gradients = (OmniExpertsGradients*)context;
        var call = &gradients->Forward;
        var sorted = gradients->SortedSlots;
        var slots = (nint)call->Tokens * TopK;
        var place = (nint)item * SlotsPerItem;
        var end = Math.Min(place + SlotsPerItem, slots);
        while (place > 0 && place < end && sorted[place] >> 32 == sorted[place - 1] >> 32) place++; // the item before has begun this expert
        if (place == end) return;
        for (; place < slots && (place < end || sorted[place] >> 32 == sorted[place - 1] >> 32); place++)
        {
            var expert = (nint)(sorted[place] >> 32);
            var slot = (nint)(uint)sorted[place];
            AddScaled(call->Hidden + (slot / TopK * call->HiddenStride), gradients->SumGradients[slot], gradients->Up + (expert * gradients->UpStride));
            AddScaled(call->Output + (slot / TopK * call->OutputStride), gradients->Activations[slot], gradients->Down + (expert * gradients->DownStride));
        }
    }
}
