using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>Few experts: as many tokens as a vector has lanes, each in its own lane, and no step depends on a comparison's outcome.</content>
internal static unsafe partial class MoeGate<TLogit>
{
    /// <summary>Routes one token in each lane: every expert is inserted into the lane's sorted list of the best k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void RouteLanes(GateArguments* call, int token)
    {
        var logits = stackalloc Vector256<float>[Experts];
        nint logitsStride = call->LogitsStride;
        Simd.Columns((float*)call->Logits + (token * logitsStride), logitsStride, logits, Experts);

        var keys = Static.Array<Vector256<float>>(Routed);
        var experts = Static.Array<Vector256<int>>(Routed);
        var chosen = Static.Array<Vector256<float>>(Routed);
        foreach (var rank in Static.Range(Routed)) keys[rank] = Vector256.Create(Lowest);
        for (var e = 0; e < Experts; e++)
        {
            var logit = logits[e];
            var key = CorrectionBias ? Score(logit) + Vector256.Create(call->CorrectionBias[e]) : logit;

            // Where the newcomer beats an entry, it or what it pushed out goes there, and the entry moves on to the next place.
            var movingKey = key;
            var movingExpert = Vector256.Create(e);
            var movingLogit = logit;
            foreach (var rank in Static.Range(Routed))
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

        var scores = Static.Array<Vector256<float>>(Routed);
        foreach (var rank in Static.Range(Routed))
        {
            if (Scoring == GateScoring.Softmax) scores[rank] = Simd.Exp(keys[rank] - keys[0]);
            else scores[rank] = Score(CorrectionBias ? chosen[rank] : keys[rank]);
        }

        var factor = Vector256.Create(call->RoutedScalingFactor);
        if (Renormalize)
        {
            var sum = scores[0];
            foreach (var rank in Static.Range(1, Routed)) sum += scores[rank];
            foreach (var rank in Static.Range(Routed)) scores[rank] /= sum + Vector256.Create(Tiny);
        }
        else if (Scoring == GateScoring.Softmax)
        {
            var sum = Vector256<float>.Zero;
            for (var e = 0; e < Experts; e++) sum += Exponential(logits[e], keys[0]);
            foreach (var rank in Static.Range(Routed)) scores[rank] /= sum;
        }

        var weightColumns = stackalloc Vector256<float>[Routed + Math.Min(SharedExperts, 1)];
        var expertColumns = stackalloc Vector256<int>[Routed];
        foreach (var rank in Static.Range(Routed))
        {
            weightColumns[rank] = scores[rank] * factor;
            expertColumns[rank] = experts[rank];
        }

        if (SharedExperts > 0)
        {
            var total = scores[0];
            foreach (var rank in Static.Range(1, Routed)) total += scores[rank];
            weightColumns[Routed] = total;
        }

        nint weightsStride = call->WeightsStride;
        nint expertsStride = call->ExpertsStride;
        foreach (var lane in Static.Range(Lanes))
        {
            float* weights = call->Weights + ((token + lane) * weightsStride);
            int* ids = call->Experts + ((token + lane) * expertsStride);
            foreach (var rank in Static.Range(Routed))
            {
                weights[rank] = ((float*)weightColumns)[(rank * Lanes) + lane];
                ids[rank] = ((int*)expertColumns)[(rank * Lanes) + lane];
            }

            if (SharedExperts > 0) WriteShared(call, token + lane, ((float*)weightColumns)[(Routed * Lanes) + lane]);
        }

        ulong ordinary = Vector256.GreaterThan(keys[Routed - 1], Vector256.Create(Lowest)).ExtractMostSignificantBits();
        if (Unbounded) ordinary &= Vector256.LessThan(keys[0], Vector256.Create(float.PositiveInfinity)).ExtractMostSignificantBits();
        for (var others = ordinary ^ ((1UL << Lanes) - 1); others != 0; others &= others - 1) RouteAlone(call, token + BitOperations.TrailingZeroCount(others));
    }
}
