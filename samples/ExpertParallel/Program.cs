using System.Numerics.Tensors;
using ExpertParallel;
using KernelGen;
using Samples;

const int Tokens = 60, Experts = 8, Ranks = 2, TopK = 2, HiddenSize = 128, IntermediateSize = 96;

var random = new Random(1);
var layer = new SwigluLayer(random, Experts, HiddenSize, IntermediateSize);
var (hidden, weights) = (Numbers.Normal(random, Tokens * HiddenSize), Numbers.Normal(random, Tokens * TopK));
int[] ids = [.. Enumerable.Range(0, Tokens).SelectMany(_ => Enumerable.Range(0, Experts).OrderBy(_ => random.Next()).Take(TopK))];

// Every rank has all tokens and some experts. Ids of other ranks' experts become −1, which the kernel skips.
var sum = new float[hidden.Length];
for (var rank = 0; rank < Ranks; rank++)
{
    var map = new ExpertMap(Experts, Ranks, rank);
    using var own = layer.Weights(map.FirstExpert, map.LocalExperts);
    var local = new int[ids.Length];
    map.Map(ids, local);
    var part = new float[hidden.Length];
    Layers.Forward(hidden.Rows(Tokens), own, weights.Rows(Tokens), local.Rows(Tokens), part.Rows(Tokens));
    TensorPrimitives.Add(sum, part, sum); // an all-reduce between machines
    Console.WriteLine($"rank {rank}: experts {map.FirstExpert} to {map.FirstExpert + map.LocalExperts - 1}, {local.Count(id => id >= 0)} of {local.Length} slots");
}

var whole = new float[hidden.Length];
using (var all = layer.Weights()) Layers.Forward(hidden.Rows(Tokens), all, weights.Rows(Tokens), ids.Rows(Tokens), whole.Rows(Tokens));
Check.Close("sum over the ranks against the whole layer", sum, Array.ConvertAll(whole, value => (double)value), 3e-6);
Check.Close("sum over the ranks against double precision", sum, layer.Forward(hidden, Array.ConvertAll(weights, weight => (double)weight), ids, TopK), 3e-6);
return Check.ExitCode;
