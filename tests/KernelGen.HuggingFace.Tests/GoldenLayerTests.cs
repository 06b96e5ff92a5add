using KernelGen.HuggingFace;
using KernelGen.Testing;

namespace KernelGen.HuggingFace.Tests;

/// <summary>Names, shapes and meaning of each family: a plain reference fed by the loader computes what transformers computed.</summary>
public class GoldenLayerTests
{
    [Theory]
    [InlineData("mixtral-a")]
    [InlineData("qwen3moe-a")]
    [InlineData("qwen2moe-a")]
    [InlineData("deepseekv3-a")]
    [InlineData("glm4moe-a")]
    [InlineData("olmoe-a")]
    [InlineData("jamba-a")]
    [InlineData("gptoss-a")]
    [InlineData("llama4-a")]
    public void ALoadedLayerComputesWhatTransformersComputed(string model)
    {
        using var checkpoint = SafetensorsCheckpoint.Open(GoldenFiles.Path(model));
        using var expected = SafetensorsFile.Open(GoldenFiles.Path(model, "expected.safetensors"));
        var config = MoeModelConfig.Load(GoldenFiles.Path(model));
        var layer = new ReferenceMoeLayer(MoeLayerTensors.Load(checkpoint, config, 0));
        var hidden = Array.ConvertAll(expected.Get("hidden_states").ReadSingles(), value => (double)value);
        var output = expected.Get("output").ReadSingles();
        var tokens = hidden.Length / config.HiddenSize;
        Assert.Equal(37, tokens);

        for (var t = 0; t < tokens; t++)
        {
            var (experts, weights, actual) = layer.Forward(hidden.AsSpan(t * config.HiddenSize, config.HiddenSize));
            AssertRouting(expected, t, experts, weights);
            for (var h = 0; h < config.HiddenSize; h++) AssertClose(output[(t * config.HiddenSize) + h], actual[h], $"{model} token {t} column {h}");
        }
    }

    // Ids where the file has them, each with its weight; the order within a token is transformers' own affair.
    private static void AssertRouting(SafetensorsFile expected, int token, int[] experts, double[] weights)
    {
        if (!expected.TryGet("router_2", out var ids)) return;
        var expectedExperts = ids.ReadInt32s().AsSpan(token * experts.Length, experts.Length).ToArray();
        var expectedWeights = expected.Get("router_1").ReadSingles().AsSpan(token * experts.Length, experts.Length).ToArray();
        Assert.Equal(expectedExperts.Order(), experts.Order());
        foreach (var (expert, weight) in experts.Zip(weights))
            AssertClose(expectedWeights[Array.IndexOf(expectedExperts, expert)], weight, $"token {token} weight of expert {expert}");
    }

    private static void AssertClose(float expected, double actual, string where) =>
        Assert.True(Math.Abs(actual - expected) <= 1e-4 + (1e-3 * Math.Abs(expected)), $"{where}: expected {expected}, got {actual}");
}
