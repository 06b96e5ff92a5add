using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace KernelGen.Cpu;

/// <summary>
/// Routes one token of any gate, whatever its logits are. This is the reference definition of the kernels, and their fallback for
/// rare rows that their fast arithmetic does not cover.
/// </summary>
/// <remarks>
/// <para>Order: +∞ above every finite score, then −∞, then NaN; among equal scores the lower id comes first. A NaN logit has a NaN
/// score for selection and weight 0. A logit of −∞ has weight 0 too.</para>
/// <para>Without a correction bias, the logits themselves are compared, because every scoring function is strictly
/// increasing. Softmax with logits of +∞ is the limit: they share the whole probability equally. So do infinite scores of √softplus
/// if the weights are renormalised.</para>
/// <para>A shared expert's weight is the sum of the routed experts' weights before scaling.</para>
/// <para>If a group has only one score that is not NaN, −∞ takes the place of the second; a group of one expert is scored by that expert alone.</para>
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class GateRow
{
    private const double Tiny = 1e-20;

    /// <summary>Selects the experts of <paramref name="token"/> and writes its row of ids and weights.</summary>
    /// <param name="call">The call; its logits are fp32.</param>
    /// <param name="token">Index of the token.</param>
    /// <param name="shape">The gate's configuration.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    public static void Route(GateArguments* call, int token, GateShape shape)
    {
        var logits = new ReadOnlySpan<float>((float*)call->Logits + (token * call->LogitsStride), shape.Experts);
        var weights = new Span<float>(call->Weights + (token * call->WeightsStride), shape.TopK);
        var experts = new Span<int>(call->Experts + (token * call->ExpertsStride), shape.TopK);
        var routed = experts[..(shape.TopK - shape.SharedExperts)];
        Span<double> scores = stackalloc double[shape.Experts];
        Score(logits, scores, shape.Scoring);
        if (shape.HashTable) new ReadOnlySpan<int>(call->Table + (call->TokenIds[token] * call->TableStride), routed.Length).CopyTo(routed);
        else Choose(logits, scores, call->CorrectionBias, shape, routed);

        Span<double> chosen = stackalloc double[routed.Length];
        for (var rank = 0; rank < chosen.Length; rank++) chosen[rank] = scores[routed[rank]];
        if (shape.Renormalize) Normalize(chosen);
        var sum = 0.0;
        for (var rank = 0; rank < chosen.Length; rank++)
        {
            sum += chosen[rank];
            weights[rank] = (float)(chosen[rank] * call->RoutedScalingFactor);
        }

        for (var shared = 0; shared < shape.SharedExperts; shared++)
        {
            experts[routed.Length + shared] = shape.Experts + shared;
            weights[routed.Length + shared] = (float)sum;
        }
    }

    private static void Choose(ReadOnlySpan<float> logits, ReadOnlySpan<double> scores, float* correctionBias, in GateShape shape, Span<int> experts)
    {
        Span<double> keys = stackalloc double[shape.Experts];
        Span<bool> closed = stackalloc bool[shape.Experts];
        for (var e = 0; e < shape.Experts; e++)
            keys[e] = shape.CorrectionBias && !float.IsNaN(logits[e]) ? scores[e] + correctionBias[e] : logits[e];
        closed.Clear();
        if (shape.Groups > 1) CloseGroups(keys, closed, shape);
        foreach (ref var expert in experts) expert = TakeBest(keys, closed);
    }

    private static void Normalize(Span<double> scores)
    {
        if (scores.Contains(double.PositiveInfinity))
        {
            foreach (ref var score in scores) score = double.IsPositiveInfinity(score) ? 1 : 0;
        }

        var sum = Tiny;
        foreach (var score in scores) sum += score;
        foreach (ref var score in scores) score /= sum;
    }

    private static void Score(ReadOnlySpan<float> logits, Span<double> scores, GateScoring scoring)
    {
        if (scoring != GateScoring.Softmax)
        {
            for (var e = 0; e < logits.Length; e++)
                scores[e] = float.IsNaN(logits[e]) ? 0 : scoring == GateScoring.Sigmoid ? 1 / (1 + Math.Exp(-logits[e])) : SqrtSoftplus(logits[e]);
            return;
        }

        var top = float.NegativeInfinity;
        foreach (var logit in logits) top = logit > top ? logit : top;
        var sum = 0.0;
        for (var e = 0; e < logits.Length; e++)
        {
            // Compare for equality first: ∞ − ∞ is NaN. If even the largest logit is −∞, no expert has a score.
            scores[e] = logits[e] == top ? 1 : logits[e] < top ? Math.Exp(logits[e] - top) : 0;
            sum += scores[e];
        }

        var scale = float.IsNegativeInfinity(top) ? 0 : 1 / sum;
        foreach (ref var score in scores) score *= scale;
    }

    private static double SqrtSoftplus(double x)
    {
        // The quotient compensates for the bits of y that 1 + y loses.
        var y = Math.Exp(-Math.Abs(x));
        var sum = 1 + y;
        return Math.Sqrt(Math.Max(x, 0) + (sum == 1 ? y : Math.Log(sum) * (y / (sum - 1))));
    }

    private static void CloseGroups(ReadOnlySpan<double> keys, Span<bool> closed, in GateShape shape)
    {
        var size = shape.Experts / shape.Groups;
        Span<double> scores = stackalloc double[shape.Groups];
        Span<bool> kept = stackalloc bool[shape.Groups];
        for (var group = 0; group < shape.Groups; group++) scores[group] = GroupScore(keys.Slice(group * size, size), shape.CorrectionBias);

        kept.Clear();
        closed.Fill(true);
        for (var rank = 0; rank < shape.TopKGroups; rank++) closed.Slice(TakeBest(scores, kept) * size, size).Clear();
    }

    private static double GroupScore(ReadOnlySpan<double> keys, bool sumOfTwo)
    {
        if (keys.Length == 1) return keys[0];
        double first = double.NegativeInfinity, second = double.NegativeInfinity;
        foreach (var key in keys)
        {
            if (key > first) (first, second) = (key, first);
            else if (key > second) second = key;
        }

        return sumOfTwo ? first + second : first;
    }

    /// <summary>Index of the best value that is not yet taken, which it marks as taken: the lowest index among equals; NaN only if nothing else is left.</summary>
    private static int TakeBest(ReadOnlySpan<double> values, Span<bool> taken)
    {
        var best = -1;
        for (var i = 0; i < values.Length; i++)
        {
            if (!taken[i] && (best < 0 || values[i] > values[best] || (double.IsNaN(values[best]) && !double.IsNaN(values[i])))) best = i;
        }

        taken[best] = true;
        return best;
    }
}
