using KernelGen.Cpu;

namespace KernelGen.Benchmarking;

/// <summary>A gate in double precision, straight from its definition. Every gate kernel is compared with it, in tests and before it is timed.</summary>
public static class ReferenceGate
{
    /// <summary>Routes one token.</summary>
    /// <param name="shape">The gate.</param>
    /// <param name="logits">[E].</param>
    /// <param name="correctionBias">[E], or empty if the gate has none.</param>
    /// <param name="routedScalingFactor">Factor for the weights of the routed experts.</param>
    /// <param name="tableRow">The token's experts, if the gate has a table.</param>
    public static ReferenceRoute Route(GateShape shape, float[] logits, float[] correctionBias, float routedScalingFactor, int[]? tableRow = null)
    {
        var scores = Scores(shape.Scoring, logits);
        var (experts, margin) = tableRow is null ? Select(shape, logits, scores, correctionBias) : (tableRow, double.PositiveInfinity);
        var chosen = Array.ConvertAll(experts, e => scores[e]);
        if (shape.Renormalize) chosen = Normalized(chosen);
        var shared = Enumerable.Range(shape.Experts, shape.SharedExperts);
        return new ReferenceRoute(
            [.. experts, .. shared],
            [.. chosen.Select(weight => weight * routedScalingFactor), .. shared.Select(_ => chosen.Sum())],
            margin);
    }

    private static (int[] Experts, double Margin) Select(GateShape shape, float[] logits, double[] scores, float[] correctionBias)
    {
        var keys = logits.Select((logit, e) => float.IsNaN(logit) ? double.NaN : shape.CorrectionBias ? scores[e] + correctionBias[e] : logit).ToArray();

        var size = shape.Experts / shape.Groups;
        var groupScores = Enumerable.Range(0, shape.Groups).Select(g => GroupScore(keys.Skip(g * size).Take(size).ToArray(), shape.CorrectionBias)).ToArray();
        var groups = Ranking(groupScores);
        var kept = groups.Take(shape.TopKGroups).ToHashSet();

        var ranking = Ranking(keys).Where(e => kept.Contains(e / size)).ToArray();
        var routed = shape.TopK - shape.SharedExperts;
        var margin = Math.Min(Margin(Array.ConvertAll(ranking, e => keys[e]), routed), Margin(Array.ConvertAll(groups, g => groupScores[g]), shape.TopKGroups));
        return (ranking.Take(routed).ToArray(), margin);
    }

    /// <summary>Best first: by value, then NaN; among equal values, the lower index first.</summary>
    private static int[] Ranking(double[] values) =>
        Enumerable.Range(0, values.Length).OrderBy(i => double.IsNaN(values[i])).ThenByDescending(i => values[i]).ThenBy(i => i).ToArray();

    private static double GroupScore(double[] keys, bool sumOfTwo)
    {
        if (keys.Length == 1) return keys[0];
        var numbers = keys.Where(key => !double.IsNaN(key)).Concat([double.NegativeInfinity, double.NegativeInfinity]).OrderDescending().ToArray();
        return sumOfTwo ? numbers[0] + numbers[1] : numbers[0];
    }

    private static double[] Scores(GateScoring scoring, float[] logits) => scoring switch
    {
        GateScoring.Softmax => Softmax(logits),
        GateScoring.Sigmoid => Array.ConvertAll(logits, Sigmoid),
        GateScoring.SqrtSoftplus => Array.ConvertAll(logits, SqrtSoftplus),
        _ => throw new ArgumentOutOfRangeException(nameof(scoring), scoring, null),
    };

    /// <summary>If some scores are infinite, only those count, and equally.</summary>
    private static double[] Normalized(double[] scores)
    {
        if (scores.Any(double.IsPositiveInfinity)) scores = Array.ConvertAll(scores, score => double.IsPositiveInfinity(score) ? 1.0 : 0);
        var sum = scores.Sum() + 1e-20;
        return Array.ConvertAll(scores, score => score / sum);
    }

    /// <summary>√ln(1 + eˣ). For small eˣ, the series of the logarithm is exact to the last bit, while 1 + eˣ is not.</summary>
    private static double SqrtSoftplus(float logit)
    {
        if (float.IsNaN(logit)) return 0;
        var power = Math.Exp(-Math.Abs((double)logit));
        return Math.Sqrt(Math.Max(logit, 0) + (power < 1e-5 ? power - (power * power / 2) + (power * power * power / 3) : Math.Log(1 + power)));
    }

    private static double Sigmoid(float logit) => float.IsNaN(logit) ? 0 : 1 / (1 + Math.Exp(-(double)logit));

    private static double[] Softmax(float[] logits)
    {
        double largest = logits.Where(logit => !float.IsNaN(logit)).DefaultIfEmpty(float.NegativeInfinity).Max();
        var powers = Array.ConvertAll(logits, logit => float.IsNaN(logit) || double.IsNegativeInfinity(largest) ? 0 : logit == largest ? 1 : Math.Exp(logit - largest));
        var sum = powers.Sum();
        return sum == 0 ? powers : Array.ConvertAll(powers, power => power / sum);
    }

    /// <summary>The smallest step down, apart from ties, from any selected value.</summary>
    private static double Margin(double[] descending, int chosen)
    {
        var steps = descending.Zip(descending.Skip(1), (above, below) => (Above: above, Step: above - below));
        return steps.Where(step => step.Above >= descending[chosen - 1] && step.Step > 0).Select(step => step.Step).DefaultIfEmpty(double.PositiveInfinity).Min();
    }
}

/// <summary>The reference routing of a token.</summary>
/// <param name="Experts">The selected experts, best first.</param>
/// <param name="Weights">Their weights.</param>
/// <param name="Margin">
/// The smallest difference between two unequal keys, or group scores, on which the selection depends. Below a few times the
/// rounding error of fp32, the order is undefined.
/// </param>
public sealed record ReferenceRoute(int[] Experts, double[] Weights, double Margin);
