using System.Text.Json.Nodes;
using KernelGen.HuggingFace;
using KernelGen.Testing;

namespace KernelGen.Tool.Tests;

/// <summary>Whatever is wrong with a checkpoint, <c>kernelgen run</c> says it in one line and ends with 2.</summary>
public class DamagedModelTests
{
    [Theory]
    [InlineData("deepseekv3-a", "scoring_func", "\"softmax\"", "'scoring_func' is 'softmax'; expected sigmoid")]
    [InlineData("deepseekv3-a", "topk_method", "\"greedy\"", "'topk_method' is 'greedy'; expected noaux_tc")]
    [InlineData("deepseekv3-a", "moe_layer_freq", "2", "'moe_layer_freq' is 2; expected 1")]
    [InlineData("deepseekv3-a", "first_k_dense_replace", "1", "layer 0 has no experts, and neither has any other layer")]
    [InlineData("glm4moe-a", "first_k_dense_replace", "1", "layer 0 has no experts")]
    [InlineData("glm4moe-a", "scoring_func", "\"softmax\"", "'scoring_func' is 'softmax'; expected sigmoid")]
    [InlineData("glm4moe-a", "n_shared_experts", "2", "has the shape [96, 128]", "[192, 128]")]
    [InlineData("qwen2moe-a", "mlp_only_layers", "[0]", "layer 0 has no experts")]
    [InlineData("qwen2moe-a", "shared_expert_intermediate_size", null, "'shared_expert_intermediate_size' is missing")]
    [InlineData("qwen3moe-a", "decoder_sparse_step", "2", "layer 0 has no experts")]
    [InlineData("qwen3moe-a", "num_experts_per_tok", "65", "'num_experts_per_tok' is 65; expected at most the 32 experts")]
    [InlineData("olmoe-a", "num_experts", "17", "has the shape [16, 128]", "[17, 128]")]
    [InlineData("jamba-a", "expert_layer_period", "\"1\"", "'expert_layer_period' is \"1\"; expected an integer")]
    [InlineData("jamba-a", "num_experts", "1", "'num_experts_per_tok' is 2; expected at most the 1 experts")]
    [InlineData("llama4-a", "moe_layers", "[]", "layer 0 has no experts")]
    [InlineData("llama4-a", "intermediate_size", "95", "has the shape [4, 128, 192]", "[4, 128, 190]")]
    [InlineData("gptoss-a", "hidden_size", "127", "has the shape [8, 128]", "[8, 127]")]
    [InlineData("gptoss-a", "swiglu_limit", "8", "'swiglu_limit' is 8; expected 7")]
    [InlineData("mixtral-a", "hidden_size", null, "'hidden_size' is missing; expected an integer")]
    [InlineData("mixtral-a", "num_local_experts", "\"8\"", "'num_local_experts' is \"8\"; expected an integer")]
    public async Task NamesTheKey(string model, string key, string? value, params string[] problems)
    {
        using var folder = Copy(model);
        Change(folder, key, value);
        (await Run(model, folder)).AssertFailure(2, problems);
    }

    /// <summary>Every family has these keys.</summary>
    [Theory]
    [MemberData(nameof(GoldenWeightsTests.Models), MemberType = typeof(GoldenWeightsTests))]
    public async Task NamesTheKeysOfAllFamilies(string model)
    {
        foreach (var (key, value, problem) in new[]
        {
            ("num_experts_per_tok", null, "'num_experts_per_tok' is missing"),
            ("num_hidden_layers", "0", "'num_hidden_layers' is 0; expected an integer from 1"),
            ("hidden_size", "\"128\"", "'hidden_size' is \"128\"; expected an integer"),
            ("scoring_func", "\"softmin\"", "'scoring_func' is 'softmin'; expected s"),
            ("topk_method", "\"best\"", "'topk_method' is 'best'; expected "),
            ("model_type", "\"dbrx\"", "'model_type' is 'dbrx'; expected mixtral,"),
            ("quantization_config", "{\"quant_method\":\"gptq\"}", "'quantization_config.quant_method' is 'gptq', which is not supported"),
        })
        {
            using var folder = Copy(model);
            Change(folder, key, value);
            (await Run(model, folder)).AssertFailure(2, "config.json: ", problem);
        }

        if (model == "gptoss-a") return; // has one activation whatever the key says
        using var other = Copy(model);
        Change(other, "hidden_act", "\"relu\"");
        (await Run(model, other)).AssertFailure(2, "'hidden_act' is 'relu'; expected silu");
    }

    [Theory]
    [InlineData("{}", "has no object 'weight_map'")]
    [InlineData("", "is not valid JSON")]
    [InlineData("{\"weight_map\":{}}", "has no tensor 'model.layers.0.block_sparse_moe.gate.weight'")]
    [InlineData("{\"weight_map\":{\"model.layers.0.block_sparse_moe.gate.weight\":\"a.safetensors\"}}", "is listed in a.safetensors, which does not exist")]
    [InlineData("{\"weight_map\":{\"model.layers.0.block_sparse_moe.gate.weight\":\"../a.safetensors\"}}", "expected the name of a .safetensors file in the same directory")]
    public async Task NamesWhatAnIndexLacks(string index, string problem)
    {
        using var folder = Copy("mixtral-a");
        File.Delete(folder.File("model.safetensors"));
        await File.WriteAllTextAsync(folder.File("model.safetensors.index.json"), index, TestContext.Current.CancellationToken);
        (await Run("mixtral-a", folder)).AssertFailure(2, problem);
    }

    [Fact]
    public async Task RunsShardsAndNamesTheOneThatIsDamaged()
    {
        using var folder = Copy("qwen2moe-a");
        var shards = Split(folder, 3);
        (await Run("qwen2moe-a", folder, "--expect", GoldenFiles.Path("qwen2moe-a", "expected.safetensors"))).AssertSuccess();

        var whole = await File.ReadAllBytesAsync(folder.File(shards[1]), TestContext.Current.CancellationToken);
        foreach (var length in new[] { 0, 5, 100, whole.Length / 2, whole.Length - 1 })
        {
            await File.WriteAllBytesAsync(folder.File(shards[1]), whole[..length], TestContext.Current.CancellationToken);
            (await Run("qwen2moe-a", folder)).AssertFailure(2, shards[1]);
        }

        File.Delete(folder.File(shards[1]));
        (await Run("qwen2moe-a", folder)).AssertFailure(2, $"is listed in {shards[1]}, which does not exist");
    }

    [Fact]
    public async Task LoadingCanBeStopped()
    {
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();
        using StringWriter output = new(), error = new();
        var exitCode = await Cli.RunAsync(
            ["run", "--model", GoldenFiles.Path("mixtral-a"), "--weights", "f32", "--input", GoldenFiles.Path("mixtral-a", "expected.safetensors")], new Terminal(output, error), cancellation.Token);
        Assert.Equal((130, $"kernelgen: cancelled{Environment.NewLine}"), (exitCode, error.ToString()));
    }

    private static Task<ToolRun> Run(string model, TemporaryFolder folder, params string[] more) =>
        ToolRun.Of(["run", "--model", folder.File("."), "--input", GoldenFiles.Path(model, "expected.safetensors"), .. more]);

    private static TemporaryFolder Copy(string model)
    {
        var folder = new TemporaryFolder();
        foreach (var name in new[] { "config.json", "model.safetensors" }) File.Copy(GoldenFiles.Path(model, name), folder.File(name));
        return folder;
    }

    /// <summary>Sets a key of config.json to a raw value, or removes it.</summary>
    private static void Change(TemporaryFolder folder, string key, string? value)
    {
        var json = JsonNode.Parse(File.ReadAllText(folder.File("config.json")))!.AsObject();
        json.Remove(key);
        if (key is "num_experts") json.Remove("num_local_experts");
        if (value is not null) json[key] = JsonNode.Parse(value);
        File.WriteAllText(folder.File("config.json"), json.ToJsonString());
    }

    /// <summary>Deals the tensors of the one file to several.</summary>
    private static string[] Split(TemporaryFolder folder, int count)
    {
        var shards = Enumerable.Range(1, count).Select(i => $"model-{i:D5}-of-{count:D5}.safetensors").ToArray();
        var map = new JsonObject();
        using (var file = SafetensorsFile.Open(folder.File("model.safetensors")))
        {
            for (var i = 0; i < count; i++)
            {
                var tensors = file.Tensors.Where((_, number) => number % count == i).ToArray();
                using var writer = new SafetensorsWriter(folder.File(shards[i]), tensors.Select(tensor => tensor.Info));
                foreach (var tensor in tensors)
                {
                    writer.Write(tensor.Name, tensor.AsSpan<byte>());
                    map[tensor.Name] = shards[i];
                }

                writer.Commit();
            }
        }

        File.Delete(folder.File("model.safetensors"));
        File.WriteAllText(folder.File("model.safetensors.index.json"), new JsonObject { ["weight_map"] = map }.ToJsonString());
        return shards;
    }
}
