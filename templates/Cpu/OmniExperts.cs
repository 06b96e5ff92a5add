using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <summary>
/// Experts of one neuron each: out[t] = Σ silu(x[t] · U[e]) · g · D[e]. Every slot reads one row of U and one of D, so memory
/// bounds it; a token is the unit of work.
/// </summary>
[KernelTemplate]
internal static unsafe partial class OmniExperts
{
    [Specialize] private const int TopK = 16;
    [Specialize] private const int HiddenSize = 1024;

    /// <summary>Floats of a vector.</summary>
    [Specialize] private const int Lanes = 8;

    /// <summary>Slots of a token, in whole vectors.</summary>
    private const int SlotRoom = (TopK + Lanes - 1) / Lanes * Lanes;

    /// <summary>Computes the output of a call.</summary>
    internal static void Run(in OmniExpertsArguments arguments)
    {
        var copy = arguments;
        CpuWorkers.Run(&copy, copy.Tokens, &ForwardToken);
    }

    [SkipLocalsInit]
    private static void ForwardToken(void* context, int token)
    {
        var call = (OmniExpertsArguments*)context;
        var hidden = call->Hidden + (token * call->HiddenStride);
        var weights = call->Weights + (token * call->WeightsStride);
        var experts = call->Experts + (token * call->ExpertsStride);
        var sums = stackalloc float[SlotRoom];
        for (nint slot = 0; slot < TopK; slot++) sums[slot] = Dot(hidden, call->Up + (experts[slot] * call->UpStride));
        for (nint slot = TopK; slot < SlotRoom; slot++) sums[slot] = 0;
        for (nint slot = 0; slot < SlotRoom; slot += Lanes)
        {
            var sum = Vector256.Load(sums + slot);
            (sum * Simd.Sigmoid(sum)).Store(sums + slot);
        }

        for (nint slot = 0; slot < TopK; slot++) sums[slot] *= weights[slot];
        Combine(call->Down, call->DownStride, experts, sums, call->Output + (token * call->OutputStride));
    }
}
