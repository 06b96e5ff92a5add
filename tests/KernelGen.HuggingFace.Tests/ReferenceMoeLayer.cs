using KernelGen.HuggingFace;
using KernelGen.Testing;

namespace KernelGen.HuggingFace.Tests;

/// <summary>A whole Mixture-of-Experts layer in double precision, straight from the definitions, with nothing but a configuration and its tensors.</summary>
internal sealed class ReferenceMoeLayer
{
    private readonly MoeModelConfig _config;
    private readonly double[] _router;
    private readonly double[]? _bias;
    private readonly double[]? _routerBias;
    private readonly Mlp[] _experts;
    private readonly Mlp? _shared;
    private readonly double[]? _sharedGate;

    public ReferenceMoeLayer(MoeLayerTensors tensors)
    {
        _config = tensors.Config;
        _router = Doubles(tensors.Router);
        _bias = tensors.CorrectionBias is null ? null : Doubles(tensors.CorrectionBias);
        _routerBias = tensors.RouterBias is null ? null : Doubles(tensors.RouterBias);
        var form = new ExpertForm(_config.Activation!.Value);
        _experts = [.. tensors.Experts.Select((expert, e) => new Mlp(expert, form, Part(tensors.GateUpBias, e), Part(tensors.DownBias, e)))];
        _shared = tensors.SharedExpert is null ? null : new Mlp(tensors.SharedExpert, form, null, null);
        _sharedGate = tensors.SharedExpertGate is null ? null : Doubles(tensors.SharedExpertGate);
    }

    /// <summary>Routes one token and runs its experts.</summary>
    public (int[] Experts, double[] Weights, double[] Output) Forward(ReadOnlySpan<double> x)
    {
        var (experts, weights) = Route(Plus(Times(_router, x), _routerBias));
        var output = new double[x.Length];
        for (var slot = 0; slot < experts.Length; slot++)
        {
            var weight = weights[slot];
            if (_config.RouterWeightOnInput) Add(output, _experts[experts[slot]].Forward([.. x.ToArray().Select(value => value * weight)]), 1);
            else Add(output, _experts[experts[slot]].Forward(x), weight);
        }

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

    private static double[] Doubles(ExpertMatrix matrix) => Array.ConvertAll(matrix.ReadSingles(), value => (double)value);

    /// <summary>An expert's part of a tensor [E, …].</summary>
    private static double[]? Part(SafetensorsTensor? tensor, int expert)
    {
        if (tensor is null) return null;
        var length = (int)tensor.Shape[1];
        return Doubles(tensor).AsSpan(expert * length, length).ToArray();
    }

    private static double[] Plus(double[] values, double[]? bias) => bias is null ? values : [.. values.Zip(bias, (value, offset) => value + offset)];

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

    // gpt_oss, the only family with biases, has gate and up biases take turns.
    private sealed class Mlp(MlpTensors tensors, ExpertForm form, double[]? gateUpBias, double[]? downBias)
    {
        private readonly double[] _gate = Doubles(tensors.Gate);
        private readonly double[] _up = Doubles(tensors.Up);
        private readonly double[] _down = Doubles(tensors.Down);

        public double[] Forward(ReadOnlySpan<double> x)
        {
            var gate = Plus(Times(_gate, x), gateUpBias?.Where((_, i) => i % 2 == 0).ToArray());
            var up = Plus(Times(_up, x), gateUpBias?.Where((_, i) => i % 2 == 1).ToArray());
            return Plus(Times(_down, gate.Zip(up, form.Activate).ToArray()), downBias);
        }
    }
}
