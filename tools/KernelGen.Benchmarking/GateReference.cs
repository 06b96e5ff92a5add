using KernelGen.Cpu;

namespace KernelGen.Benchmarking;

/// <summary>A gate in double precision, straight from the definitions.</summary>
internal sealed class GateReference(GateShape shape, float[] correctionBias)
{
    // Scores nearer than this may change places in single precision.
    private const double Tie = 1e-6;
    private const double WeightTolerance = 2e-6;

    private readonly double[] _scores = new double[shape.Experts];
    private readonly double[] _keys = new double[shape.Experts];

    /// <summary>Compares one token's result with the reference.</summary>
    /// <returns>The largest error of a weight, and what is wrong or null. Tokens whose selection hangs on a tie have no error.</returns>
    public (double Error, string? Problem) Compare(ReadOnlySpan<float> logits, ReadOnlySpan<float> weights, ReadOnlySpan<int> experts)
    {
        Score(logits);
        var groupsTie = MaskGroups();
        var order = Enumerable.Range(0, shape.Experts).OrderByDescending(expert => _keys[expert]).ThenBy(expert => expert).Take(shape.TopK + 1).ToArray();
        for (var j = 0; j < shape.TopK; j++)
        {
            if (experts[j] == order[j]) continue;
            var tie = groupsTie || order.Zip(order.Skip(1)).Any(pair => _keys[pair.First] - _keys[pair.Second] < Tie);
            return tie ? (0, null) : (0, $"experts[{j}] is {experts[j]}; expected {order[j]}");
        }

        var sum = shape.Renormalize ? order.Take(shape.TopK).Sum(expert => _scores[expert]) + 1e-20 : 1;
        var maxError = 0.0;
        for (var j = 0; j < shape.TopK; j++)
        {
            var expected = _scores[order[j]] / sum;
            var error = Math.Abs(weights[j] - expected);
            if (!(error <= WeightTolerance)) return (maxError, FormattableString.Invariant($"weights[{j}] is {weights[j]:G9}; expected {expected:G9}"));
            maxError = Math.Max(maxError, error);
        }

        return (maxError, null);
    }

    private void Score(ReadOnlySpan<float> logits)
    {
        if (shape.Scoring == GateScoring.Sigmoid)
        {
            for (var e = 0; e < logits.Length; e++) _scores[e] = 1 / (1 + Math.Exp(-logits[e]));
        }
        else if (shape.Scoring == GateScoring.SqrtSoftplus)
        {
            for (var e = 0; e < logits.Length; e++) _scores[e] = Math.Sqrt(Math.Log(1 + Math.Exp(logits[e])));
        }
        else
        {
            var sum = 0.0;
            for (var e = 0; e < logits.Length; e++) sum += _scores[e] = Math.Exp(logits[e]);
            for (var e = 0; e < logits.Length; e++) _scores[e] /= sum;
        }

        for (var e = 0; e < logits.Length; e++) _keys[e] = _scores[e] + (shape.CorrectionBias ? correctionBias[e] : 0);
    }

    /// <summary>Takes the experts of all but the best groups out; true when two groups are too near to tell.</summary>
    private bool MaskGroups()
    {
        if (shape.Groups == 1) return false;
        var size = shape.Experts / shape.Groups;
        var scores = _keys.Chunk(size).Select(group => shape.CorrectionBias ? group.OrderDescending().Take(2).Sum() : group.Max()).ToArray();
        var order = Enumerable.Range(0, shape.Groups).OrderByDescending(group => scores[group]).ThenBy(group => group).ToArray();
        foreach (var group in order.Skip(shape.TopKGroups)) _keys.AsSpan(group * size, size).Fill(double.NegativeInfinity);
        return shape.TopKGroups < shape.Groups && scores[order[shape.TopKGroups - 1]] - scores[order[shape.TopKGroups]] < Tie;
    }
}
