using DeepSeekMoe;
using Samples;

const int Tokens = 100, Experts = 64, TopK = 7, HiddenSize = 128, IntermediateSize = 64;
const float RoutedScalingFactor = 2.5f;

var random = new Random(1);
var layer = new SwigluLayer(random, Experts + 1, HiddenSize, IntermediateSize);
var (hidden, logits, bias) = (Numbers.Normal(random, Tokens * HiddenSize), Numbers.Normal(random, Tokens * Experts), Numbers.Normal(random, Experts, 0.1));

var (weights, experts, output) = (new float[Tokens * TopK], new int[Tokens * TopK], new float[hidden.Length]);
using (var expertWeights = layer.Weights())
{
    Layer.Route(logits.Rows(Tokens), bias, weights.Rows(Tokens), experts.Rows(Tokens), RoutedScalingFactor);
    Layer.Forward(hidden.Rows(Tokens), expertWeights, weights.Rows(Tokens), experts.Rows(Tokens), output.Rows(Tokens));
}

var expected = Enumerable.Range(0, Tokens).Select(token => Reference.Route(logits.AsSpan(token * Experts, Experts), bias, RoutedScalingFactor)).ToArray();
int[] expectedIds = [.. expected.SelectMany(token => token.Experts)];
double[] expectedWeights = [.. expected.SelectMany(token => token.Weights)];
Check.Report($"{Layer.Select(Experts, TopK, correctionBias: true)}: different experts", experts.Zip(expectedIds).Count(pair => pair.First != pair.Second), 0);
Check.Close("weights", weights, expectedWeights, 1e-6);
Check.Close($"{Layer.Select(Experts + 1, TopK, HiddenSize, IntermediateSize, KernelGen.DType.Float32, Tokens)}", output, layer.Forward(hidden, expectedWeights, expectedIds, TopK), 3e-6);
return Check.ExitCode;
