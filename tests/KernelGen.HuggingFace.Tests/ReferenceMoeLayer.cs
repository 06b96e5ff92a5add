using KernelGen.HuggingFace;

namespace KernelGen.HuggingFace.Tests;

/// <summary>A whole Mixture-of-Experts layer in double precision, straight from the definitions, with nothing but a configuration and its tensors.</summary>
internal sealed class ReferenceMoeLayer
{
    private readonly MoeModelConfig _config;
    private readonly double[] _router;
    private readonly double[]? _bias;
    private readonly Mlp[] _experts;
    private readonly Mlp? _shared;
    private readonly double[]? _sharedGate;

    public ReferenceMoeLayer(MoeLayerTensors tensors)
    {
        _config = tensors.Config;
        _router = Doubles(tensors.Router);
        _bias = tensors.CorrectionBias is null ? null : Doubles(tensors.CorrectionBias);
        _experts = [.. tensors.Experts.Select(expert => new Mlp(expert))];
        _shared = tensors.SharedExpert is null ? null : new Mlp(tensors.SharedExpert);
        _sharedGate = tensors.SharedExpertGate is null ? null : Doubles(tensors.SharedExpertGate);
    }

    /// <summary>Routes one token and runs its experts.</summary>
    public (int[] Experts, double[] Weights, double[] Output) Forward(ReadOnlySpan<double> x)
    {
        var (experts, weights) = Route(Times(_router, x));
        var output = new double[x.Length];
        for (var slot = 0; slot < experts.Length; slot++) Add(output, _experts[experts[slot]].Forward(x), weights[slot]);
        if (_shared is not null) Add(output, _shared.Forward(x), _sharedGate is null ? 1 : Sigmoid(Times(_sharedGate, x)[0]));
        return (experts, weights, output);
    }

    private (int[] Experts, double[] Weights) Route(double[] logits)
    {
        var scores = _config.Scoring == GateScoring.Sigmoid ? [.. logits.Select(Sigmoid)] : Softmax(logits);
        var choice = _bias is null ? scores : [.. scores.Zip(_bias, (score, bias) => score + bias)];
        var groupSize = choice.Length / _config.Groups;
        var groupScores = choice.Chunk(groupSize).Select(group => _bias is null ? group.Max() : group.OrderDescending().Take(2).Sum()).ToArray();
        var eligible = Best(groupScores, _config.TopKGroups).ToHashSet();
        var masked = choice.Select((score, expert) => eligible.Contains(expert / groupSize) ? score : double.NegativeInfinity).ToArray();
        var experts = Best(masked, _config.TopK);
        var weights = experts.Select(expert => scores[expert]).ToArray();
        var divisor = _config.Renormalize ? weights.Sum() + 1e-20 : 1;
        return (experts, [.. weights.Select(weight => weight / divisor * _config.RoutedScalingFactor)]);
    }

    /// <summary>Indices of the largest values in descending order; the lower index wins a tie.</summary>
    private static int[] Best(double[] values, int count) =>
        [.. Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).ThenBy(i => i).Take(count)];

    private static double[] Softmax(double[] logits)
    {
        var exponentials = logits.Select(logit => Math.Exp(logit - logits.Max())).ToArray();
        return [.. exponentials.Select(value => value / exponentials.Sum())];
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double[] Doubles(SafetensorsTensor tensor) => Array.ConvertAll(tensor.ReadSingles(), value => (double)value);

    private static double[] Times(double[] matrix, ReadOnlySpan<double> x)
    {
        var product = new double[matrix.Length / x.Length];
        for (var row = 0; row < product.Length; row++)
        {
            for (var column = 0; column < x.Length; column++) product[row] += matrix[(row * x.Length) + column] * x[column];
        }

        return product;
    }

    private static void Add(double[] sum, double[] term, double factor)
    {
        for (var i = 0; i < sum.Length; i++) sum[i] += factor * term[i];
    }

    private sealed class Mlp(MlpTensors tensors)
    {
        private readonly double[] _gate = Doubles(tensors.Gate);
        private readonly double[] _up = Doubles(tensors.Up);
        private readonly double[] _down = Doubles(tensors.Down);

        public double[] Forward(ReadOnlySpan<double> x)
        {
            var gate = Times(_gate, x);
            var up = Times(_up, x);
            return Times(_down, gate.Zip(up, (g, u) => g * Sigmoid(g) * u).ToArray());
        }
    }
}
