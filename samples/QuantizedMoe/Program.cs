using KernelGen;
using QuantizedMoe;
using Samples;

const int Tokens = 50, Experts = 4, TopK = 2, HiddenSize = 256, IntermediateSize = 128;

var random = new Random(1);
var layer = new SwigluLayer(random, Experts, HiddenSize, IntermediateSize);
var (hidden, weights) = (Numbers.Normal(random, Tokens * HiddenSize), Numbers.Normal(random, Tokens * TopK));
int[] ids = [.. Enumerable.Range(0, Tokens).SelectMany(_ => Enumerable.Range(0, Experts).OrderBy(_ => random.Next()).Take(TopK))];

// The allowed error of quantising the weights, relative to the outputs: from the few bits of a weight, times √3 for three matrices.
Run<Float8E4M3>(Layers.Forward, WeightQuantization.Block128, groupSize: 0, cost: 0.05);
Run<sbyte>(Layers.Forward, WeightQuantization.Channel, groupSize: 0, cost: 0.02);
Run<Int4Pair>(Layers.Forward, WeightQuantization.Group, groupSize: 32, cost: 0.25);
return Check.ExitCode;

void Run<T>(ExpertsForward<T> forward, WeightQuantization quantization, int groupSize, double cost)
    where T : unmanaged
{
    using var quantizer = new ExpertQuantizer<T>(Experts, HiddenSize, IntermediateSize, quantization, groupSize);
    for (var expert = 0; expert < Experts; expert++)
        quantizer.Add(expert, layer.Of(expert, ExpertProjection.Gate), layer.Of(expert, ExpertProjection.Up), layer.Of(expert, ExpertProjection.Down));
    using var quantized = quantizer.Build();

    var output = new float[hidden.Length];
    forward(hidden.Rows(Tokens), quantized, weights.Rows(Tokens), ids.Rows(Tokens), output.Rows(Tokens));

    // The kernel computes with the stored numbers exactly; any difference from the original layer is caused by quantisation.
    var routerWeights = Array.ConvertAll(weights, weight => (double)weight);
    Check.Close($"{typeof(T).Name}, {quantization}: against the same stored weights", output, Stored(quantized).Forward(hidden, routerWeights, ids, TopK), 3e-6);
    Check.Report($"{typeof(T).Name}, {quantization}: against the unquantised layer", RelativeDistance(output, layer.Forward(hidden, routerWeights, ids, TopK)), cost);
}

static SwigluLayer Stored<T>(ExpertWeights<T> weights)
    where T : unmanaged
{
    var (gateUp, down) = (new float[Experts * 2 * IntermediateSize * HiddenSize], new float[Experts * HiddenSize * IntermediateSize]);
    for (var expert = 0; expert < Experts; expert++)
    {
        for (var i = 0; i < IntermediateSize; i++)
        {
            weights.CopyRow(ExpertProjection.Gate, expert, i, gateUp.AsSpan(((expert * 2 * IntermediateSize) + i) * HiddenSize, HiddenSize));
            weights.CopyRow(ExpertProjection.Up, expert, i, gateUp.AsSpan((((expert * 2) + 1) * IntermediateSize + i) * HiddenSize, HiddenSize));
        }

        for (var h = 0; h < HiddenSize; h++) weights.CopyRow(ExpertProjection.Down, expert, h, down.AsSpan(((expert * HiddenSize) + h) * IntermediateSize, IntermediateSize));
    }

    return new SwigluLayer(Experts, HiddenSize, IntermediateSize, gateUp, down);
}

static double RelativeDistance(float[] actual, double[] expected) =>
    Math.Sqrt(actual.Zip(expected).Sum(pair => Math.Pow(pair.First - pair.Second, 2)) / expected.Sum(value => value * value));
