using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>From chosen experts to weights: only these need an exact score.</content>
internal static unsafe partial class MoeGate<TLogit>
{
    private const bool LogitsChoose = !CorrectionBias && !HashTable;
    private const int ChosenVectors = (Routed + Lanes - 1) / Lanes;
    private const int ChosenLanes = ChosenVectors * Lanes;
    private const int ChosenTail = Routed - ((ChosenVectors - 1) * Lanes);

    /// <summary>Writes the weights of one token.</summary>
    /// <param name="call">The call.</param>
    /// <param name="token">The token.</param>
    /// <param name="chosen">The logits of its experts, in their order, and −∞ in the lanes behind them.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteWeights(GateArguments* call, int token, float* chosen)
    {
        var scores = Static.Array<Vector256<float>>(ChosenVectors);
        var denominator = 1f;
        var tiny = Tiny;
        if (Scoring != GateScoring.Softmax)
        {
            foreach (var v in Static.Range(ChosenVectors)) scores[v] = Score(Vector256.Load(chosen + (v * Lanes)));
        }
        else
        {
            // Where the logits choose, the first chosen is the row's largest, and its exponential alone makes the sum 1 or more.
            float* logits = (float*)call->Logits + (token * call->LogitsStride);
            var largest = LogitsChoose ? chosen[0] : Largest(logits);
            if (largest == float.PositiveInfinity)
            {
                RouteAlone(call, token);
                return;
            }

            var subtrahend = Vector256.Create(largest);
            foreach (var v in Static.Range(ChosenVectors)) scores[v] = Simd.Exp(Vector256.Load(chosen + (v * Lanes)) - subtrahend);
            if (!LogitsChoose || !Renormalize)
            {
                var all = SumOfExponentials(logits, subtrahend);
                if (Renormalize) tiny *= all;
                else denominator = all;
            }
        }

        if (Renormalize || SharedExperts > 0)
        {
            var sum = scores[0];
            foreach (var v in Static.Range(1, ChosenVectors)) sum += scores[v];
            var total = Simd.Sum(sum);
            if (Renormalize)
            {
                if (Scoring == GateScoring.SqrtSoftplus)
                {
                    if (total == float.PositiveInfinity)
                    {
                        RouteAlone(call, token);
                        return;
                    }
                }

                denominator = total + tiny;
            }

            if (SharedExperts > 0) WriteShared(call, token, total / denominator);
        }

        var weights = call->Weights + (token * call->WeightsStride);
        var factor = Vector256.Create(call->RoutedScalingFactor);
        var divisor = Vector256.Create(denominator);
        foreach (var v in Static.Range(ChosenVectors))
        {
            var weight = Renormalize || Scoring == GateScoring.Softmax ? scores[v] / divisor * factor : scores[v] * factor;
            Simd.StoreFirst(weight, weights + (v * Lanes), v == ChosenVectors - 1 ? ChosenTail : Lanes);
        }
    }

    /// <summary>Appends the shared experts: every token has them, with the sum of its routed weights before they are scaled.</summary>
    private static void WriteShared(GateArguments* call, int token, float weight)
    {
        float* weights = call->Weights + (token * call->WeightsStride) + Routed;
        int* experts = call->Experts + (token * call->ExpertsStride) + Routed;
        foreach (var shared in Static.Range(SharedExperts))
        {
            weights[shared] = weight;
            experts[shared] = Experts + shared;
        }
    }
}
