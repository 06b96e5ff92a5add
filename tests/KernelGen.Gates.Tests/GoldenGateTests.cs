using System.Text.Json;
using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.HuggingFace;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Published models' gates against float64 PyTorch: <c>tests/golden/gates-a</c>.</summary>
public sealed class GoldenGateTests : IDisposable
{
    private static readonly int[] TokenCounts = [1, 3, 33];

    private readonly SafetensorsFile _file = SafetensorsFile.Open(GoldenFiles.Path("gates-a", "gates.safetensors"));

    public static TheoryData<string> Gates
    {
        get
        {
            using var file = SafetensorsFile.Open(GoldenFiles.Path("gates-a", "gates.safetensors"));
            return [.. file.Metadata.Keys];
        }
    }

    public void Dispose() => _file.Dispose();

    [Theory]
    [MemberData(nameof(Gates))]
    public void RoutesLikeTheModel(string gate)
    {
        var (spec, factor) = Describe(_file.Metadata[gate]);
        var kernels = KernelAssembly.Compile(spec);
        foreach (var tokens in TokenCounts)
        {
            var (logits, bias, expected) = Read(gate, tokens, spec);
            var routed = new GateCase(spec, logits, bias, factor, gap: 0, gate, expected);
            foreach (var bits in KernelRecipe.VectorWidthsOf(spec)) routed.Check(new GateKernel(kernels.Kernel(spec, bits)), $"{bits} bits");
        }
    }

    [Theory]
    [MemberData(nameof(Gates))]
    public void TheReferenceItselfAgrees(string gate)
    {
        var (spec, factor) = Describe(_file.Metadata[gate]);
        foreach (var tokens in TokenCounts)
        {
            var (logits, bias, expected) = Read(gate, tokens, spec);
            for (var t = 0; t < tokens; t++)
            {
                var route = ReferenceGate.Route(spec.ToShape(), logits[t], bias, factor);
                Assert.Equal(expected[t].Experts, route.Experts);
                Assert.All(route.Weights.Zip(expected[t].Weights), pair => Assert.Equal(pair.Second, pair.First, 1e-6 * factor));
            }
        }
    }

    private (float[][] Logits, float[] Bias, ReferenceRoute[] Expected) Read(string gate, int tokens, MoeGateSpec spec)
    {
        var start = $"{gate}.T{tokens}.";
        var bias = _file.TryGet(start + "correction_bias", out var tensor) ? tensor.ReadSingles() : [];
        Assert.Equal(spec.CorrectionBias, bias.Length > 0);
        var weights = _file.Get(start + "weights").ReadSingles().Chunk(spec.TopK).ToArray();
        var experts = _file.Get(start + "experts").ReadInt32s().Chunk(spec.TopK).ToArray();
        var expected = experts.Zip(weights, (e, w) => new ReferenceRoute(e, Array.ConvertAll(w, weight => (double)weight), double.PositiveInfinity)).ToArray();
        return (_file.Get(start + "logits").ReadSingles().Chunk(spec.Experts).ToArray(), bias, expected);
    }

    private static (MoeGateSpec Spec, float Factor) Describe(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var scoring = root.GetProperty("scoring").GetString() == "sigmoid" ? GateScoring.Sigmoid : GateScoring.Softmax;
        var spec = new MoeGateSpec(
            root.GetProperty("experts").GetInt32(),
            root.GetProperty("top_k").GetInt32(),
            scoring,
            root.GetProperty("correction_bias").GetBoolean(),
            root.GetProperty("groups").GetInt32(),
            root.GetProperty("top_k_groups").GetInt32(),
            root.GetProperty("renormalize").GetBoolean());
        return (spec, root.GetProperty("routed_scaling_factor").GetSingle());
    }
}
