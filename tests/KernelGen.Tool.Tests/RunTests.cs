using KernelGen.HuggingFace;
using KernelGen.Testing;

namespace KernelGen.Tool.Tests;

/// <summary><c>kernelgen run</c> on the golden checkpoints.</summary>
public class RunTests
{
    private static readonly string Expected = GoldenFiles.Path("mixtral-a", "expected.safetensors");

    [Theory]
    [InlineData("mixtral-a", "moegate_softmax_e8_k2_f32_cpu", "fusedmoe_silu_e8_k2_h128_i96_bf16_cpu")]
    [InlineData("qwen3moe-a", "moegate_softmax_e32_k8_f32_cpu")]
    [InlineData("deepseekv3-a", "moegate_sigmoid_bias_g4x2_e32_k6_f32_cpu", "fusedmoe_silu_e1_k1_h128_i96_bf16_cpu")]
    [InlineData("glm4moe-a", "moegate_sigmoid_bias_e16_k4_f32_cpu")]
    [InlineData("qwen2moe-a", "moegate_softmax_norenorm_e12_k4_f32_cpu", "fusedmoe_silu_e1_k1_h128_i128_bf16_cpu")]
    [InlineData("olmoe-a", "moegate_softmax_norenorm_e16_k4_f32_cpu")]
    [InlineData("jamba-a", "moegate_softmax_norenorm_e4_k2_f32_cpu")]
    [InlineData("gptoss-a", "moegate_softmax_e8_k4_f32_cpu", "fusedmoe_swiglu_oai_e8_k4_h128_i96_bf16_bias_cpu")]
    [InlineData("llama4-a", "moegate_sigmoid_norenorm_e4_k1_f32_cpu", "fusedmoe_silu_e4_k1_h128_i96_bf16_oninput_cpu")]
    public async Task ComputesWhatTransformersComputed(string model, params string[] variants)
    {
        var expected = GoldenFiles.Path(model, "expected.safetensors");
        var run = (await ToolRun.Of("run", "--model", GoldenFiles.Path(model), "--input", expected, "--expect", expected)).AssertSuccess();
        Assert.All(variants, variant => Assert.Contains(variant, run.Output));
        Assert.Contains("the output matches", run.Output);
    }

    [Fact]
    public async Task StopsWhenCancelled()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var output = new CancellingWriter(cancellation); // the first line comes before kernels are made
        using var error = new StringWriter();
        var exitCode = await Cli.RunAsync(
            ["run", "--model", GoldenFiles.Path("glm4moe-a"), "--input", GoldenFiles.Path("glm4moe-a", "expected.safetensors")], new Terminal(output, error), cancellation.Token);
        Assert.Equal((130, $"kernelgen: cancelled{Environment.NewLine}"), (exitCode, error.ToString()));
        Assert.StartsWith("layer 0 of glm4_moe", output.ToString());
    }

    [Fact]
    public async Task WidensWeightsOnRequest()
    {
        var run = await ToolRun.Of("run", "--model", GoldenFiles.Path("qwen2moe-a"), "--weights", "f32",
            "--input", GoldenFiles.Path("qwen2moe-a", "expected.safetensors") + ":hidden_states",
            "--expect", GoldenFiles.Path("qwen2moe-a", "expected.safetensors") + ":output");
        Assert.Contains("fusedmoe_silu_e12_k4_h128_i96_f32_cpu", run.AssertSuccess().Output);
    }

    /// <summary>The golden weights are bfloat16 numbers of moderate size, which both wider types hold exactly.</summary>
    [Theory]
    [InlineData(SafetensorsDType.Float16, null, "_f16_cpu")]
    [InlineData(SafetensorsDType.Float16, "f32", "_f32_cpu")]
    [InlineData(SafetensorsDType.Float32, null, "_f32_cpu")]
    [InlineData(SafetensorsDType.Float32, "bf16", "_bf16_cpu")]
    public async Task ReadsCheckpointsOfEveryType(SafetensorsDType type, string? weights, string suffix)
    {
        using var folder = new TemporaryFolder();
        File.Copy(GoldenFiles.Path("mixtral-a", "config.json"), folder.File("config.json"));
        using (var original = SafetensorsFile.Open(GoldenFiles.Path("mixtral-a", "model.safetensors")))
        using (var copy = new SafetensorsWriter(folder.File("model.safetensors"), original.Tensors.Select(tensor => new SafetensorsTensorInfo(tensor.Name, type, tensor.Shape))))
        {
            foreach (var tensor in original.Tensors)
            {
                var values = tensor.ReadSingles();
                if (type == SafetensorsDType.Float32) copy.Write<float>(tensor.Name, values);
                else copy.Write<Half>(tensor.Name, Array.ConvertAll(values, value => (Half)value));
            }

            copy.Commit();
        }

        string[] option = weights is null ? [] : ["--weights", weights];
        var run = await ToolRun.Of(["run", "--model", Path.GetDirectoryName(folder.File("x"))!, "--input", Expected, "--expect", Expected, .. option]);
        Assert.Contains($"fusedmoe_silu_e8_k2_h128_i96{suffix}", run.AssertSuccess().Output);
    }

    [Theory]
    [InlineData("gptoss-a", "gpt_oss", "\"swiglu_limit\": 8", "'swiglu_limit' is 8; expected 7")]
    [InlineData("llama4-a", "llama4", "\"hidden_act\": \"relu\"", "'hidden_act' is 'relu'; expected silu")]
    public async Task SaysWhatAModelAsksForInVain(string model, string family, string key, string problem)
    {
        using var folder = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(GoldenFiles.Path(model))) File.Copy(file, folder.File(Path.GetFileName(file)));
        var config = folder.File("config.json");
        var changed = File.ReadAllText(config).Replace("\"hidden_act\": \"silu\"", key, StringComparison.Ordinal);
        await File.WriteAllTextAsync(config, changed, TestContext.Current.CancellationToken);
        Assert.Contains(family, changed);
        (await ToolRun.Of("run", "--model", folder.File("."), "--input", Expected)).AssertFailure(2, "config.json", problem);
    }

    [Theory]
    [InlineData("gptoss-a")]
    [InlineData("llama4-a")]
    public async Task WidensFusedExpertsOnRequest(string model)
    {
        var expected = GoldenFiles.Path(model, "expected.safetensors");
        var run = await ToolRun.Of("run", "--model", GoldenFiles.Path(model), "--weights", "f32", "--input", expected, "--expect", expected);
        Assert.Contains("_f32", run.AssertSuccess().Output);
    }

    [Fact]
    public async Task WidensFusedExpertsOfHalfPrecision()
    {
        const string model = "gptoss-a";
        using var folder = new TemporaryFolder();
        File.Copy(GoldenFiles.Path(model, "config.json"), folder.File("config.json"));
        using (var original = SafetensorsFile.Open(GoldenFiles.Path(model, "model.safetensors")))
        {
            using var writer = new SafetensorsWriter(
                folder.File("model.safetensors"), original.Tensors.Select(tensor => new SafetensorsTensorInfo(tensor.Name, SafetensorsDType.Float16, tensor.Shape.ToArray())));
            foreach (var tensor in original.Tensors) writer.Write<Half>(tensor.Name, Array.ConvertAll(tensor.ReadSingles(), value => (Half)value));
            writer.Commit();
        }

        var expected = GoldenFiles.Path(model, "expected.safetensors");
        var run = await ToolRun.Of("run", "--model", folder.File("."), "--weights", "f32", "--input", expected, "--expect", expected);
        Assert.Contains("_f32", run.AssertSuccess().Output);
    }

    [Fact]
    public async Task WritesTheOutputThatAnotherRunExpects()
    {
        using var folder = new TemporaryFolder();
        var output = folder.File("output.safetensors");
        (await ToolRun.Of("run", "--model", GoldenFiles.Path("jamba-a"), "--input", GoldenFiles.Path("jamba-a", "expected.safetensors"), "--output", output)).AssertSuccess();
        using (var file = SafetensorsFile.Open(output)) Assert.Equal([37, 128], file.Get("output").Shape.ToArray());

        // The only matrix of a file needs no name; the same bits come again.
        var again = await ToolRun.Of("run", "--model", GoldenFiles.Path("jamba-a"), "--input", GoldenFiles.Path("jamba-a", "expected.safetensors"),
            "--expect", output, "--rtol", "0", "--atol", "0");
        Assert.Contains("largest error 0 absolute", again.AssertSuccess().Output);
    }

    [Fact]
    public async Task FailsWhenTheOutputIsAnother() =>
        (await ToolRun.Of("run", "--model", GoldenFiles.Path("mixtral-a"), "--input", Expected, "--expect", $"{Expected}:hidden_states"))
            .AssertFailure(1, "of 4736 elements differ", "the first at [0, 0]", "absolute", "relative");

    [Fact]
    public async Task RejectsFilesThatDoNotFit()
    {
        using var folder = new TemporaryFolder();
        var narrow = folder.Write("narrow.safetensors", ("x", [2, 64], new float[128]));
        var two = folder.Write("two.safetensors", ("a", [1, 128], new float[128]), ("b", [1, 128], new float[128]));
        var flat = folder.Write("flat.safetensors", ("hidden_states", [128], new float[128]));
        var none = folder.Write("none.safetensors", ("x", [0, 128], []));
        var damaged = folder.File("damaged.safetensors");
        await File.WriteAllBytesAsync(damaged, File.ReadAllBytes(Expected)[..1000], TestContext.Current.CancellationToken);

        (await Mixtral("--input", narrow)).AssertFailure(2, "narrow.safetensors", "[2, 64]", "[T, 128]");
        (await Mixtral("--input", two)).AssertFailure(2, "2 matrices", "hidden_states", ":TENSOR");
        (await Mixtral("--input", flat)).AssertFailure(2, "[128]", "[T, H]");
        (await Mixtral("--input", none)).AssertFailure(2, "no tokens");
        (await Mixtral("--input", damaged)).AssertFailure(2, "damaged.safetensors");
        (await Mixtral("--input", $"{two}:c")).AssertFailure(2, "no tensor 'c'", "'a'");
        (await Mixtral("--input", $"{two}:")).AssertFailure(2, "FILE:TENSOR");
        (await Mixtral("--input", folder.File("absent"))).AssertFailure(2, "absent");
        (await Mixtral("--input", Path.GetDirectoryName(two)!)).AssertFailure(2, "is a directory");
        (await Mixtral("--input", Expected, "--expect", two + ":a")).AssertFailure(2, "[1, 128]", "[37, 128]");
        (await Mixtral("--input", Expected, "--output", folder.File("no/such/directory"))).AssertFailure(2, "--output", "does not exist");
        (await Mixtral("--input", Expected, "--output", Path.GetDirectoryName(two)!)).AssertFailure(2, "--output", "is a directory");
    }

    [Fact]
    public async Task RejectsModelsThatCannotRun()
    {
        using var folder = new TemporaryFolder();
        (await ToolRun.Of("run", "--model", folder.File("absent"), "--input", Expected)).AssertFailure(2, "absent", "is not a directory");
        (await ToolRun.Of("run", "--model", Path.GetDirectoryName(folder.File("x"))!, "--input", Expected)).AssertFailure(2, "config.json");
        await File.WriteAllTextAsync(folder.File("config.json"), "{ \"model_type\": \"mixtral\" ", TestContext.Current.CancellationToken);
        (await ToolRun.Of("run", "--model", Path.GetDirectoryName(folder.File("x"))!, "--input", Expected)).AssertFailure(2, "config.json", "JSON");
        File.Copy(GoldenFiles.Path("mixtral-a", "config.json"), folder.File("config.json"), overwrite: true);
        (await ToolRun.Of("run", "--model", Path.GetDirectoryName(folder.File("x"))!, "--input", Expected)).AssertFailure(2, "model.safetensors");
        (await Mixtral("--input", Expected, "--layer", "1")).AssertFailure(2, "no layer 1");
    }

    [Theory]
    [InlineData("fp8_w8a8", "_fp8block_w8a8_cpu", "0.1")]
    [InlineData("int8_w8a8", "_int8_w8a8_cpu", "0.03")]
    public async Task RoundsInputsAndTellsWhatThatChanges(string weights, string suffix, string tolerance)
    {
        var expected = GoldenFiles.Path("mixtral-a/expected.safetensors");
        var run = await ToolRun.Of("run", "--model", GoldenFiles.Path("mixtral-a"), "--weights", weights, "--input", expected, "--expect", expected, "--rtol", "0", "--atol", tolerance);
        run.AssertSuccess();
        Assert.Contains(suffix, run.Output);
        Assert.Contains("quantising the routed experts' inputs changes the output by", run.Output);
    }

    [Theory]
    [InlineData("--rtol", "-1")]
    [InlineData("--rtol", "nan")]
    [InlineData("--atol", "1e999")]
    [InlineData("--layer", "99999999999")]
    [InlineData("--layer", "x")]
    [InlineData("--weights", "fp7")]
    [InlineData("--device", "cuda")]
    [InlineData("--device", "cuda:-1")]
    [InlineData("--device", "CPU")]
    [InlineData("--output", "")]
    [InlineData("--bogus", "1")]
    public async Task RejectsValues(string option, string value) =>
        (await Mixtral("--input", Expected, option, value)).AssertFailure(2, option);

    private static Task<ToolRun> Mixtral(params string[] more) => ToolRun.Of(["run", "--model", GoldenFiles.Path("mixtral-a"), .. more]);
}
