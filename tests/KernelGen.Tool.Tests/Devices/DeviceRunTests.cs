using KernelGen.HuggingFace;
using KernelGen.Testing;

namespace KernelGen.Tool.Tests;

/// <summary><c>kernelgen run --device</c> on ILGPU's CPU accelerator, with the tolerance of the processor's kernels.</summary>
public class DeviceRunTests
{
    [Theory]
    [InlineData("mixtral-a", "moegate_softmax_e8_k2_f32_ilgpu", "fusedmoe_silu_e8_k2_h128_i96_bf16_ilgpu")]
    [InlineData("qwen3moe-a", "moegate_softmax_e32_k8_f32_ilgpu")]
    [InlineData("deepseekv3-a", "moegate_sigmoid_bias_g4x2_e32_k6_f32_ilgpu", "fusedmoe_silu_e1_k1_h128_i96_bf16_ilgpu")]
    [InlineData("glm4moe-a", "moegate_sigmoid_bias_e16_k4_f32_ilgpu")]
    [InlineData("qwen2moe-a", "moegate_softmax_norenorm_e12_k4_f32_ilgpu", "fusedmoe_silu_e1_k1_h128_i128_bf16_ilgpu")]
    [InlineData("olmoe-a", "moegate_softmax_norenorm_e16_k4_f32_ilgpu")]
    [InlineData("jamba-a", "moegate_softmax_norenorm_e4_k2_f32_ilgpu")]
    [InlineData("gptoss-a", "fusedmoe_swiglu_oai_e8_k4_h128_i96_bf16_bias_ilgpu")]
    [InlineData("llama4-a", "fusedmoe_silu_e4_k1_h128_i96_bf16_oninput_ilgpu")]
    public async Task ComputesWhatTransformersComputed(string model, params string[] variants)
    {
        var expected = GoldenFiles.Path(model, "expected.safetensors");
        var run = (await ToolRun.Of("run", "--model", GoldenFiles.Path(model), "--input", expected, "--expect", expected, "--device", "ilgpu-cpu")).AssertSuccess();
        Assert.All(variants, variant => Assert.Contains(variant, run.Output));
        Assert.Contains("the output matches", run.Output);
    }

    [Theory]
    [InlineData("f32", "_f32_ilgpu")]
    [InlineData("f16", "_f16_ilgpu")]
    public async Task ConvertsWeightsOnRequest(string weights, string suffix)
    {
        var expected = GoldenFiles.Path("mixtral-a", "expected.safetensors");
        var run = await ToolRun.Of("run", "--model", GoldenFiles.Path("mixtral-a"), "--weights", weights, "--input", expected, "--expect", expected, "--device", "ilgpu-cpu");
        Assert.Contains(suffix, run.AssertSuccess().Output);
    }

    /// <summary>A quantised layer has the same outputs on every device, to 1e-6.</summary>
    [Theory]
    [InlineData("fp8", "_fp8block_ilgpu")]
    [InlineData("int8", "_int8_ilgpu")]
    [InlineData("int4", "_int4g128_ilgpu")]
    [InlineData("int8_w8a8", "_int8_w8a8_ilgpu")]
    public async Task QuantisesLikeTheProcessor(string weights, string suffix)
    {
        using var folder = new TemporaryFolder();
        var (input, output) = (GoldenFiles.Path("mixtral-a", "expected.safetensors"), folder.File("output.safetensors"));
        string[] run = ["run", "--model", GoldenFiles.Path("mixtral-a"), "--weights", weights, "--input", input];
        (await ToolRun.Of([.. run, "--output", output])).AssertSuccess();
        Assert.Contains(suffix, (await ToolRun.Of([.. run, "--expect", output, "--atol", "1e-6", "--device", "ilgpu-cpu"])).AssertSuccess().Output);
    }

    [Fact]
    public async Task AnOtherOutputIsAFailedCheck()
    {
        using var folder = new TemporaryFolder();
        var input = GoldenFiles.Path("mixtral-a", "expected.safetensors");
        using var golden = SafetensorsFile.Open(input);
        var values = golden.Get("output").ReadSingles();
        values[200] += 1;
        var other = folder.Write("other.safetensors", ("output", [37, 128], values));
        (await ToolRun.Of("run", "--model", GoldenFiles.Path("mixtral-a"), "--input", input, "--expect", other, "--device", "ilgpu-cpu")).AssertFailure(1, "1 of 4736 elements differ", "[1, 72]");
    }
}
