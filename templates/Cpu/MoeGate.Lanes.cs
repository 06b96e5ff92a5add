using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>Few experts: as many tokens as a vector has lanes, each in its own lane, and no step depends on a comparison's outcome.</content>
internal static unsafe partial class MoeGate
{
    /// <summary>Routes one token in each lane: every expert is inserted into the lane's sorted list of the best k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void RouteLanes(GateArguments* call, int token)
    {
        var logits = stackalloc Vector256<float>[Experts];
        Simd.Columns(call->Logits + (token * call->LogitsStride), call->LogitsStride, logits, Experts);

        var keys = Static.Array<Vector256<float>>(TopK);
        var experts = Static.Array<Vector256<int>>(TopK);
        var chosen = Static.Array<Vector256<float>>(TopK);
        foreach (var rank in Static.Range(TopK)) keys[rank] = Vector256.Create(Lowest);
        for (var e = 0; e < Experts; e++)
        {
            var logit = logits[e];
            var key = CorrectionBias ? Simd.Sigmoid(logit) + Vector256.Create(call->CorrectionBias[e]) : logit;

            // Where the newcomer beats an entry, it or what it pushed out goes there, and the entry moves on to the next place.
            var movingKey = key;
            var movingExpert = Vector256.Create(e);
            var movingLogit = logit;
            foreach (var rank in Static.Range(TopK))
            {
                var beaten = Vector256.GreaterThan(key, keys[rank]);
                var oldKey = keys[rank];
                keys[rank] = Vector256.ConditionalSelect(beaten, movingKey, oldKey);
                movingKey = Vector256.ConditionalSelect(beaten, oldKey, movingKey);
                var oldExpert = experts[rank];
                experts[rank] = Vector256.ConditionalSelect(beaten.AsInt32(), movingExpert, oldExpert);
                movingExpert = Vector256.ConditionalSelect(beaten.AsInt32(), oldExpert, movingExpert);
                if (CorrectionBias)
                {
                    var oldLogit = chosen[rank];
                    chosen[rank] = Vector256.ConditionalSelect(beaten, movingLogit, oldLogit);
                    movingLogit = Vector256.ConditionalSelect(beaten, oldLogit, movingLogit);
                }
            }
        }

        var scores = Static.Array<Vector256<float>>(TopK);
        foreach (var rank in Static.Range(TopK))
        {
            if (Scoring == GateScoring.Softmax) scores[rank] = Simd.Exp(keys[rank] - keys[0]);
            else scores[rank] = Simd.Sigmoid(CorrectionBias ? chosen[rank] : keys[rank]);
        }

        var factor = Vector256.Create(call->RoutedScalingFactor);
        if (Renormalize)
        {
            var sum = scores[0];
            foreach (var rank in Static.Range(1, TopK)) sum += scores[rank];
            foreach (var rank in Static.Range(TopK)) scores[rank] /= sum + Vector256.Create(Tiny);
        }
        else if (Scoring == GateScoring.Softmax)
        {
            var sum = Vector256<float>.Zero;
            for (var e = 0; e < Experts; e++) sum += Exponential(logits[e], keys[0]);
            foreach (var rank in Static.Range(TopK)) scores[rank] /= sum;
        }

        var weightColumns = stackalloc Vector256<float>[TopK];
        var expertColumns = stackalloc Vector256<int>[TopK];
        foreach (var rank in Static.Range(TopK))
        {
            weightColumns[rank] = scores[rank] * factor;
            expertColumns[rank] = experts[rank];
        }

        foreach (var lane in Static.Range(Lanes))
        {
            var weights = call->Weights + ((token + lane) * call->WeightsStride);
            var ids = call->Experts + ((token + lane) * call->ExpertsStride);
            foreach (var rank in Static.Range(TopK))
            {
                weights[rank] = ((float*)weightColumns)[(rank * Lanes) + lane];
                ids[rank] = ((int*)expertColumns)[(rank * Lanes) + lane];
            }
        }

        ulong ordinary = Vector256.GreaterThan(keys[TopK - 1], Vector256.Create(Lowest)).ExtractMostSignificantBits();
        if (Scoring == GateScoring.Softmax) ordinary &= Vector256.LessThan(keys[0], Vector256.Create(float.PositiveInfinity)).ExtractMostSignificantBits();
        for (var others = ordinary ^ ((1UL << Lanes) - 1); others != 0; others &= others - 1) RouteAlone(call, token + BitOperations.TrailingZeroCount(others));
    }
}
