using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;
using KernelGen.Numerics;

namespace KernelGen.Templates.Cpu;

/// <content>From chosen experts to weights: only these need an exact score.</content>
internal static unsafe partial class MoeGate
{
    private const int WeightVectors = (TopK + Lanes - 1) / Lanes;
    private const int WeightTail = TopK - ((WeightVectors - 1) * Lanes);

    [SkipLocalsInit]
    private static void WriteWeights(in GateArguments call, int token)
    {
        var logits = call.Logits + (token * call.LogitsStride);
        var experts = call.Experts + (token * call.ExpertsStride);
        var chosen = stackalloc float[WeightVectors * Lanes];
        Vector256.Create(Lowest).Store(chosen + ((WeightVectors - 1) * Lanes));
        foreach (var rank in Static.Range(TopK)) chosen[rank] = logits[experts[rank]];

        var scores = Static.Array<Vector256<float>>(WeightVectors);
        var sum = Vector256<float>.Zero;
        var tiny = Tiny;
        if (Scoring == GateScoring.Sigmoid)
        {
            foreach (var v in Static.Range(WeightVectors)) scores[v] = Simd.Sigmoid(Vector256.Load(chosen + (v * Lanes)));
        }
        else
        {
            // Without a bias the first chosen is the row's largest, and its exponential alone makes the sum 1 or more.
            var largest = CorrectionBias ? Largest(logits) : chosen[0];
            if (largest == float.PositiveInfinity)
            {
                RouteAlone(in call, token);
                return;
            }

            var subtrahend = Vector256.Create(largest);
            foreach (var v in Static.Range(WeightVectors)) scores[v] = Simd.Exp(Vector256.Load(chosen + (v * Lanes)) - subtrahend);
            if (CorrectionBias || !Renormalize)
            {
                var all = SumOfExponentials(logits, subtrahend);
                if (Renormalize) tiny *= all;
                else sum = Vector256.Create(all);
            }
        }

        if (Renormalize)
        {
            foreach (var v in Static.Range(WeightVectors)) sum += scores[v];
            sum = Vector256.Create(Simd.Sum(sum) + tiny);
        }

        var weights = call.Weights + (token * call.WeightsStride);
        var factor = Vector256.Create(call.RoutedScalingFactor);
        foreach (var v in Static.Range(WeightVectors))
        {
            var weight = Renormalize || Scoring == GateScoring.Softmax ? scores[v] / sum * factor : scores[v] * factor;
            Simd.StoreFirst(weight, weights + (v * Lanes), v == WeightVectors - 1 ? WeightTail : Lanes);
        }
    }
}
