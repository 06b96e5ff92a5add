using KernelGen.HuggingFace;
using KernelGen.HuggingFace.Tests;

namespace KernelGen.Tool.Tests;

/// <summary><c>kernelgen run</c> on quantised checkpoints, against double precision from the same weights in singles.</summary>
public class QuantizedRunTests
{
    private const int Tokens = 37;

    // docs/numerics.md: kernels read stored numbers exactly, so they have the tolerance of fp32 weights.
    private static readonly string[] KernelTolerance = ["--rtol", "1e-4", "--atol", "1e-5"];

    [Theory]
    [InlineData("deepseek_v3", StoredForm.Fp8Block, StoredForm.Fp8Block, "_i192_fp8block_cpu", "fusedmoe_silu_e1_k1_h320_i384_fp8block_cpu")]
    [InlineData("deepseek_v3", StoredForm.Fp8Channel, StoredForm.Fp8Channel, "_i192_fp8channel_cpu")]
    [InlineData("deepseek_v3", StoredForm.Fp8Tensor, StoredForm.Fp8Tensor, "_i192_fp8_cpu")]
    [InlineData("deepseek_v3", StoredForm.Int8Channel, StoredForm.Int8Channel, "_i192_int8_cpu")]
    [InlineData("deepseek_v3", StoredForm.Int4Group, StoredForm.BFloat16, "_i192_int4g32_cpu", "fusedmoe_silu_e1_k1_h320_i384_bf16_cpu")] // as Kimi K2 Thinking
    [InlineData("deepseek_v3", StoredForm.Int4ZeroPoints, StoredForm.Int4ZeroPoints, "_i192_int4g32zp_cpu")]
    [InlineData("deepseek_v3", StoredForm.Int4Channel, StoredForm.Int8Channel, "_i192_f32_cpu", "fusedmoe_silu_e1_k1_h320_i384_int8_cpu")]
    [InlineData("deepseek_v3", StoredForm.Fp8Block, StoredForm.Fp8Channel, "_i192_fp8block_cpu", "fusedmoe_silu_e1_k1_h320_i384_fp8channel_cpu")]
    [InlineData("llama4_text", StoredForm.Fp8Channel, StoredForm.BFloat16, "_i192_fp8channel_oninput_cpu", "fusedmoe_silu_e1_k1_h320_i192_bf16_oninput_cpu")]
    [InlineData("gpt_oss", StoredForm.Mxfp4, StoredForm.BFloat16, "_i192_bf16_bias_cpu")]
    public async Task ComputesWithTheStoredNumbers(string family, StoredForm routed, StoredForm shared, params string[] variants)
    {
        using var model = new QuantizedCheckpoint(family, routed, shared).Write();
        var run = await Run(model, KernelTolerance);
        Assert.True(run.ExitCode == 0, $"{run.Error} {model.Seed}");
        Assert.All(variants, variant => Assert.Contains(variant, run.Output));
        Assert.DoesNotContain("quantised weights differ", run.Output);
    }

    [Theory]
    [InlineData("deepseek_v3", StoredForm.Fp8Block)]
    [InlineData("deepseek_v3", StoredForm.Int4Group)]
    [InlineData("gpt_oss", StoredForm.Mxfp4)]
    public async Task WidensOnRequest(string family, StoredForm form)
    {
        using var model = new QuantizedCheckpoint(family, form, form).Write();
        var run = await Run(model, [.. KernelTolerance, "--weights", "f32"]);
        Assert.True(run.ExitCode == 0, $"{run.Error} {model.Seed}");
        Assert.Contains("_i192_f32", run.Output);
    }

    /// <summary>What a checkpoint already has is not quantised again: the word names the type, the checkpoint its scales.</summary>
    [Fact]
    public async Task TheCheckpointsOwnScalesAreKept()
    {
        using var model = new QuantizedCheckpoint("deepseek_v3", StoredForm.Fp8Channel, StoredForm.BFloat16).Write();
        var run = await Run(model, ["--rtol", "0", "--atol", "0.3", "--weights", "fp8"]);
        Assert.True(run.ExitCode == 0, $"{run.Error} {model.Seed}");
        Assert.Contains("fusedmoe_silu_e6_k3_h320_i192_fp8channel_cpu", run.Output);
        Assert.Contains("fusedmoe_silu_e1_k1_h320_i384_fp8block_cpu", run.Output);
        Assert.Contains("quantised weights differ", run.Output);
    }

    [Fact]
    public async Task NumbersThatAreNotFiniteCannotBeQuantised()
    {
        using var model = new QuantizedCheckpoint("deepseek_v3", StoredForm.BFloat16);
        model.Change("experts.1.up_proj.weight", stored => stored with { Bytes = [.. stored.Bytes.Select((value, i) => i / 2 == (QuantizedCheckpoint.HiddenSize * 3) + 7 ? (byte)(i % 2 == 0 ? 0x80 : 0x7F) : value)] });
        model.Write();
        (await Run(model, ["--weights", "int8"])).AssertFailure(2, "experts.1.up_proj.weight' has the weight Infinity in row 3, column 7", "only finite weights can be quantised");
    }

    [Theory]
    [InlineData("""{"quant_method":"awq","bits":4}""", "'quantization_config.quant_method' is 'awq', which is not supported; expected fp8, mxfp4 (gpt_oss)")]
    [InlineData("""{"quant_method":"gptq","bits":4}""", "'quantization_config.quant_method' is 'gptq'")]
    [InlineData("""{"quant_method":"bitsandbytes","load_in_4bit":true}""", "'quantization_config.quant_method' is 'bitsandbytes'")]
    [InlineData("""{"quant_method":"mxfp4"}""", "'quantization_config.quant_method' is 'mxfp4'")] // of gpt_oss only
    [InlineData("""{"quant_method":"modelopt","quant_algo":"NVFP4"}""", "'quantization_config.quant_algo' is 'NVFP4', which is not supported; expected FP8")]
    [InlineData("""{"quant_method":"modelopt"}""", "'quantization_config.quant_algo' is missing; expected FP8")]
    [InlineData("""{"quant_method":"compressed-tensors","format":"nvfp4-pack-quantized"}""", "'quantization_config.format' is 'nvfp4-pack-quantized'")]
    [InlineData("""{"quant_method":"compressed-tensors","config_groups":{"g":{"weights":{"num_bits":4,"type":"float"}}}}""", "'quantization_config.config_groups.g.weights.num_bits' is 4 with type 'float'")]
    [InlineData("""{"quant_method":"compressed-tensors","config_groups":{"g":{"weights":{"num_bits":8,"type":"int","symmetric":false}}}}""", "weights.symmetric' is false with 8 bits, which is not supported")]
    [InlineData("""{"quant_method":"compressed-tensors","transform_config":{"config_groups":{"r":{"type":"hadamard"}}}}""", "'quantization_config.transform_config' rotates weights, which is not supported")]
    public async Task SaysWhichMethodItLacks(string quantization, string problem)
    {
        using var model = new QuantizedCheckpoint("deepseek_v3", StoredForm.BFloat16);
        model.Config = model.Config.Replace("null", quantization, StringComparison.Ordinal);
        model.Write();
        (await Run(model, [])).AssertFailure(2, "config.json: ", problem);
    }

    [Fact]
    public async Task MicroscaledWeightsNeedWholeBlocks()
    {
        using var model = new QuantizedCheckpoint("gpt_oss", StoredForm.Mxfp4);
        model.Config = model.Config.Replace("\"intermediate_size\":192", "\"intermediate_size\":200", StringComparison.Ordinal);
        model.Change("experts.gate_up_proj_blocks", stored => stored with { Shape = [6, 400, 10, 16], Bytes = new byte[6 * 400 * 160] });
        model.Change("experts.gate_up_proj_scales", stored => stored with { Shape = [6, 400, 10], Bytes = new byte[6 * 400 * 10] });
        model.Write();
        (await Run(model, [])).AssertFailure(2, "config.json: 'intermediate_size' is 200; MXFP4 weights require a multiple of 32");
    }

    private static async Task<ToolRun> Run(QuantizedCheckpoint model, string[] more)
    {
        var hidden = model.Hidden(Tokens);
        var input = model.File("input.safetensors");
        using (var writer = new SafetensorsWriter(input, [Matrix("hidden_states"), Matrix("output")]))
        {
            writer.Write<float>("hidden_states", hidden);
            writer.Write<float>("output", more.Contains("--rtol") ? model.Reference(hidden) : new float[hidden.Length]);
            writer.Commit();
        }

        return await ToolRun.Of(["run", "--model", model.Folder, "--input", input, "--expect", input, .. more]);

        static SafetensorsTensorInfo Matrix(string name) => new(name, SafetensorsDType.Float32, [Tokens, QuantizedCheckpoint.HiddenSize]);
    }
}
