using System.Text.Json;
using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.HuggingFace;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Published models' gates, as float64 PyTorch computes them: <c>tests/golden/gates-a</c>.</summary>
internal sealed class GoldenGates : IDisposable
{
    /// <summary>The numbers of tokens that the file has for every gate.</summary>
    public static readonly int[] TokenCounts = [1, 3, 33];

    private readonly SafetensorsFile _file = SafetensorsFile.Open(GoldenFiles.Path("gates-a", "gates.safetensors"));

    /// <summary>The names of the gates.</summary>
    public static TheoryData<string> Names
    {
        get
        {
            using var gates = new GoldenGates();
            return [.. gates._file.Metadata.Keys];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>The inputs of some tokens and the model's outputs.</summary>
    public (float[][] Logits, float[] Bias, ReferenceRoute[] Expected) Read(string gate, int tokens, MoeGateSpec spec)
    {
        var start = $"{gate}.T{tokens}.";
        var bias = _file.TryGet(start + "correction_bias", out var tensor) ? tensor.ReadSingles() : [];
        Assert.Equal(spec.CorrectionBias, bias.Length > 0);
        var weights = _file.Get(start + "weights").ReadSingles().Chunk(spec.TopK).ToArray();
        var experts = _file.Get(start + "experts").ReadInt32s().Chunk(spec.TopK).ToArray();
        var expected = experts.Zip(weights, (e, w) => new ReferenceRoute(e, Array.ConvertAll(w, weight => (double)weight), double.PositiveInfinity)).ToArray();
        return (_file.Get(start + "logits").ReadSingles().Chunk(spec.Experts).ToArray(), bias, expected);
    }

    /// <summary>The gate and its routed scaling factor.</summary>
    public (MoeGateSpec Spec, float Factor) Describe(string gate)
    {
        using var document = JsonDocument.Parse(_file.Metadata[gate]);
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
