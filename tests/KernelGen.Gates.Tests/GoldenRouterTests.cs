using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.HuggingFace;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Routers of transformers whose gate has a different name here: the outputs in <c>expected.safetensors</c>.</summary>
public class GoldenRouterTests
{
    /// <summary>gpt-oss: softmax over the selected logits is renormalised softmax.</summary>
    [Fact]
    public void GptOssIsRenormalizedSoftmax()
    {
        using var file = SafetensorsFile.Open(GoldenFiles.Path("gptoss-a", "expected.safetensors"));
        var spec = new MoeGateSpec(8, 4, GateScoring.Softmax, false, 1, 1, Renormalize: true);
        var weights = file.Get("router_1").ReadSingles().Chunk(spec.TopK);
        var experts = file.Get("router_2").ReadInt32s().Chunk(spec.TopK);
        Check(spec, file.Get("router_0").ReadSingles(), [.. experts.Zip(weights, Expected)]);
    }

    /// <summary>Llama 4: the sigmoid of the largest logit. Its router returns scores of all experts, 0 for those that are not chosen.</summary>
    [Fact]
    public void Llama4IsTopOneSigmoid()
    {
        using var file = SafetensorsFile.Open(GoldenFiles.Path("llama4-a", "expected.safetensors"));
        var spec = new MoeGateSpec(4, 1, GateScoring.Sigmoid, false, 1, 1, Renormalize: false);
        var scores = file.Get("router_0").ReadSingles().Chunk(spec.Experts);
        Check(spec, file.Get("router_1").ReadSingles(), [.. scores.Select(row => Expected([Array.FindIndex(row, score => score != 0)], [row.Max()]))]);
    }

    private static ReferenceRoute Expected(int[] experts, float[] weights) =>
        new(experts, Array.ConvertAll(weights, weight => (double)weight), double.PositiveInfinity);

    private static void Check(MoeGateSpec spec, float[] logits, ReferenceRoute[] expected)
    {
        Assert.Equal(37, expected.Length);
        var kernels = KernelAssembly.Compile(spec);
        var routed = new GateCase(spec, [.. logits.Chunk(spec.Experts)], bias: [], factor: 1f, gap: 0, "transformers", expected);
        foreach (var bits in spec.Family.VectorWidths(spec)) routed.Check(new GateKernel(kernels.Kernel(spec, bits)), $"{bits} bits");
    }
}
