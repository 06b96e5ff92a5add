using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>From chosen experts to weights: only these need an exact score.</content>
internal static unsafe partial class MoeGate
{
    private const int ChosenVectors = (TopK + Lanes - 1) / Lanes;
    private const int ChosenLanes = ChosenVectors * Lanes;
    private const int ChosenTail = TopK - ((ChosenVectors - 1) * Lanes);

    /// <summary>Writes the weights of one token.</summary>
    /// <param name="call">The call.</param>
    /// <param name="token">The token.</param>
    /// <param name="chosen">The logits of its experts, best first, and −∞ in the lanes behind them.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteWeights(GateArguments* call, int token, float* chosen)
    {
        var logits = call->Logits + (token * call->LogitsStride);
        var scores = Static.Array<Vector256<float>>(ChosenVectors);
        var sum = Vector256<float>.Zero;
        var tiny = Tiny;
        if (Scoring == GateScoring.Sigmoid)
        {
            foreach (var v in Static.Range(ChosenVectors)) scores[v] = Simd.Sigmoid(Vector256.Load(chosen + (v * Lanes)));
        }
        else
        {
            // Without a bias the first chosen is the row's largest, and its exponential alone makes the sum 1 or more.
            var largest = CorrectionBias ? Largest(logits) : chosen[0];
            if (largest == float.PositiveInfinity)
            {
                RouteAlone(call, token);
                return;
            }

            var subtrahend = Vector256.Create(largest);
            foreach (var v in Static.Range(ChosenVectors)) scores[v] = Simd.Exp(Vector256.Load(chosen + (v * Lanes)) - subtrahend);
            if (CorrectionBias || !Renormalize)
            {
                var all = SumOfExponentials(logits, subtrahend);
                if (Renormalize) tiny *= all;
                else sum = Vector256.Create(all);
            }
        }

        if (Renormalize)
        {
            foreach (var v in Static.Range(ChosenVectors)) sum += scores[v];
            sum = Vector256.Create(Simd.Sum(sum) + tiny);
        }

        var weights = call->Weights + (token * call->WeightsStride);
        var factor = Vector256.Create(call->RoutedScalingFactor);
        foreach (var v in Static.Range(ChosenVectors))
        {
            var weight = Renormalize || Scoring == GateScoring.Softmax ? scores[v] / sum * factor : scores[v] * factor;
            Simd.StoreFirst(weight, weights + (v * Lanes), v == ChosenVectors - 1 ? ChosenTail : Lanes);
        }
    }
}
