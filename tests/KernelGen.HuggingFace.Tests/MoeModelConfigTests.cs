using System.Text;
using System.Text.Json.Nodes;
using KernelGen.Testing;

namespace KernelGen.HuggingFace.Tests;

public class MoeModelConfigTests
{
    // Keys of published models, as far as they matter here.
    private const string KimiK2 = """
        {"model_type":"kimi_k2","hidden_size":7168,"moe_intermediate_size":2048,"intermediate_size":18432,"n_routed_experts":384,"num_experts_per_tok":8,
         "n_group":1,"topk_group":1,"n_shared_experts":1,"norm_topk_prob":true,"routed_scaling_factor":2.827,"scoring_func":"sigmoid","topk_method":"noaux_tc",
         "first_k_dense_replace":1,"num_hidden_layers":61,"hidden_act":"silu","torch_dtype":"bfloat16","quantization_config":{"quant_method":"fp8"}}
        """;

    private const string Jamba = """
        {"model_type":"jamba","hidden_size":4096,"intermediate_size":14336,"num_experts":16,"num_experts_per_tok":2,"num_hidden_layers":8,
         "expert_layer_period":2,"expert_layer_offset":1,"hidden_act":"silu"}
        """;

    private const string Qwen2Moe = """
        {"model_type":"qwen2_moe","hidden_size":2048,"intermediate_size":5632,"moe_intermediate_size":1408,"shared_expert_intermediate_size":5632,
         "num_experts":60,"num_experts_per_tok":4,"num_hidden_layers":6,"decoder_sparse_step":2,"mlp_only_layers":[3],"hidden_act":"silu"}
        """;

    private const string Llama4 = """
        {"model_type":"llama4","dtype":"float32","vision_config":{"model_type":"llama4_vision_model","hidden_size":1408},"text_config":{"model_type":"llama4_text",
         "hidden_size":5120,"intermediate_size":8192,"intermediate_size_mlp":16384,"num_local_experts":128,"num_experts_per_tok":1,"num_hidden_layers":6,
         "interleave_moe_layer_step":2,"dtype":"bfloat16"}}
        """;

    private const string GptOss = """
        {"model_type":"gpt_oss","hidden_size":2880,"intermediate_size":2880,"num_local_experts":128,"experts_per_token":4,"num_experts_per_tok":4,
         "num_hidden_layers":36,"hidden_act":"silu","swiglu_limit":7.0}
        """;

    public static TheoryData<string> GoldenModels =>
        [.. Directory.GetDirectories(GoldenFiles.Root).Where(path => File.Exists(Path.Combine(path, "config.json"))).Select(path => Path.GetFileName(path)!).Order()];

    [Fact]
    public void KimiK2IsABiasedSigmoidGateWithASharedExpert()
    {
        var config = Parse(KimiK2);
        Assert.Equal(("kimi_k2", 7168, 2048, 384, 8), (config.ModelType, config.HiddenSize, config.IntermediateSize, config.Experts, config.TopK));
        Assert.Equal((GateScoring.Sigmoid, true, 1, 1, true, 2.827f), (config.Scoring, config.CorrectionBias, config.Groups, config.TopKGroups, config.Renormalize, config.RoutedScalingFactor));
        Assert.Equal((1, 2048, false), (config.SharedExperts, config.SharedIntermediateSize, config.SharedExpertGate));
        Assert.Equal(Enumerable.Range(1, 60), config.MoeLayers);
        Assert.Equal((DType.BFloat16, MoeActivation.SiluAndMul), (config.WeightType, config.Activation));
    }

    [Fact]
    public void AbsentBehaviourIsThatOfTheFamilysClass()
    {
        const string Shapes = "\"hidden_size\":64,\"moe_intermediate_size\":32,\"intermediate_size\":96,\"n_routed_experts\":16,\"num_experts_per_tok\":2,\"num_hidden_layers\":4";
        var deepseek = Parse($"{{\"model_type\":\"deepseek_v3\",{Shapes}}}");
        Assert.Equal((8, 4, true, 2.5f, 1), (deepseek.Groups, deepseek.TopKGroups, deepseek.Renormalize, deepseek.RoutedScalingFactor, deepseek.SharedExperts));
        Assert.Equal([3], deepseek.MoeLayers);
        var glm = Parse($"{{\"model_type\":\"glm4_moe\",{Shapes}}}");
        Assert.Equal((1, 1, true, 1f, 1), (glm.Groups, glm.TopKGroups, glm.Renormalize, glm.RoutedScalingFactor, glm.SharedExperts));
        Assert.Equal([1, 2, 3], glm.MoeLayers);
        Assert.False(Parse($"{{\"model_type\":\"qwen3_moe\",{Shapes}}}").Renormalize);
        Assert.False(Parse($"{{\"model_type\":\"olmoe\",{Shapes}}}").Renormalize);
        Assert.True(Parse($"{{\"model_type\":\"mixtral\",{Shapes}}}").Renormalize);
        Assert.Null(glm.WeightType);
    }

    [Fact]
    public void SharedExpertsOfDeepSeekAreOneWideMlp()
    {
        var config = Parse(With(KimiK2, "n_shared_experts", "2"));
        Assert.Equal((2, 4096), (config.SharedExperts, config.SharedIntermediateSize));
        Assert.Equal(0, Parse(With(KimiK2, "n_shared_experts", "0")).SharedIntermediateSize);
    }

    [Fact]
    public void SparseStepsCountFromOneAndLeaveDenseLayersOut()
    {
        var config = Parse(Qwen2Moe);
        Assert.Equal([1, 5], config.MoeLayers);
        Assert.Equal((5632, true, 1408), (config.SharedIntermediateSize, config.SharedExpertGate, config.IntermediateSize));
        Assert.False(config.Renormalize);
    }

    [Fact]
    public void JambaHasExpertsPeriodicallyAndNeverRenormalises()
    {
        var config = Parse(Jamba);
        Assert.Equal([1, 3, 5, 7], config.MoeLayers);
        Assert.Equal((14336, GateScoring.Softmax, false), (config.IntermediateSize, config.Scoring, config.Renormalize));
        Assert.Equal([1, 4, 7], Parse(With(Jamba, "expert_layer_period", "3")).MoeLayers);
        Assert.Empty(Parse(With(With(Jamba, "num_experts", "1"), "num_experts_per_tok", "1")).MoeLayers);
    }

    [Fact]
    public void TheLanguageModelOfSeveralIsRead()
    {
        var config = Parse(Llama4);
        Assert.Equal(("llama4_text", 5120, 8192, 128, 1), (config.ModelType, config.HiddenSize, config.IntermediateSize, config.Experts, config.TopK));
        Assert.Equal((GateScoring.Sigmoid, true, 8192, DType.BFloat16), (config.Scoring, config.RouterWeightOnInput, config.SharedIntermediateSize, config.WeightType));
        Assert.Equal([1, 3, 5], config.MoeLayers);
    }

    [Fact]
    public void GptOssHasBiasesAndAnActivationOfItsOwn()
    {
        var config = Parse(GptOss);
        Assert.Equal((128, 4, 2880, true), (config.Experts, config.TopK, config.IntermediateSize, config.Renormalize));
        Assert.Equal((MoeActivation.SwigluOai, true, true), (config.Activation, config.RouterBias, config.ExpertBias));
    }

    [Theory]
    [InlineData("swish", MoeActivation.SiluAndMul)]
    [InlineData("gelu", MoeActivation.GeluAndMul)]
    [InlineData("gelu_new", MoeActivation.GeluTanhAndMul)]
    [InlineData("gelu_pytorch_tanh", MoeActivation.GeluTanhAndMul)]
    [InlineData("relu2", null)] // gated in these families; there is no kernel for max(g, 0)² · u
    public void ActivationsHaveTheNamesOfTransformers(string name, MoeActivation? activation) =>
        Assert.Equal(activation, Parse(With(KimiK2, "hidden_act", $"\"{name}\"")).Activation);

    [Fact]
    public void BothNamesOfTheNumberOfExpertsAreRead()
    {
        var golden = File.ReadAllText(GoldenFiles.Path("qwen3moe-a", "config.json"));
        Assert.Equal(32, Parse(golden).Experts);
        Assert.Equal(32, Parse(golden.Replace("num_local_experts", "num_experts", StringComparison.Ordinal)).Experts);
    }

    [Theory]
    [InlineData(KimiK2, "model_type", "7", "'model_type' is 7; expected a string")]
    [InlineData(KimiK2, "model_type", "\"llama\"", "'model_type' is 'llama'; expected mixtral,")]
    [InlineData(KimiK2, "model_type", null, "'model_type' is missing")]
    [InlineData(KimiK2, "n_routed_experts", null, "'n_routed_experts' is missing")]
    [InlineData(KimiK2, "n_routed_experts", "\"384\"", "'n_routed_experts' is \"384\"; expected an integer")]
    [InlineData(KimiK2, "n_routed_experts", "0", "'n_routed_experts' is 0; expected an integer from 1 to")]
    [InlineData(KimiK2, "hidden_size", "-7168", "'hidden_size' is -7168; expected an integer from 1 to")]
    [InlineData(KimiK2, "hidden_size", "99999999999999", "'hidden_size' is 99999999999999; expected an integer from 1 to")]
    [InlineData(KimiK2, "hidden_size", "7168.5", "'hidden_size' is 7168.5; expected an integer from 1 to")]
    [InlineData(KimiK2, "num_hidden_layers", "2000000000", "'num_hidden_layers' is 2000000000")]
    [InlineData(KimiK2, "num_experts_per_tok", "385", "'num_experts_per_tok' is 385; expected at most the 384 experts")]
    [InlineData(KimiK2, "n_group", "5", "'n_group' is 5, which does not divide the 384 experts")]
    [InlineData(KimiK2, "n_group", "384", "'n_group' is 384, which leaves one expert a group")]
    [InlineData(KimiK2, "topk_group", "2", "'topk_group' is 2; expected at most the 1 groups")]
    [InlineData(KimiK2, "n_shared_experts", "100000", "'n_shared_experts' is 100000")]
    [InlineData(KimiK2, "norm_topk_prob", "1", "'norm_topk_prob' is 1; expected true or false")]
    [InlineData(KimiK2, "routed_scaling_factor", "\"2\"", "'routed_scaling_factor' is \"2\"; expected a number")]
    [InlineData(KimiK2, "routed_scaling_factor", "0", "'routed_scaling_factor' is 0; expected a positive number")]
    [InlineData(KimiK2, "routed_scaling_factor", "1e300", "'routed_scaling_factor' is 1e300; expected a positive number")]
    [InlineData(KimiK2, "scoring_func", "\"softmax\"", "'scoring_func' is 'softmax'; expected sigmoid")]
    [InlineData(KimiK2, "topk_method", "\"greedy\"", "'topk_method' is 'greedy'; expected noaux_tc")]
    [InlineData(Jamba, "expert_layer_offset", "2", "'expert_layer_offset' is 2; expected an integer from 0 to 1")]
    [InlineData(Qwen2Moe, "mlp_only_layers", "3", "'mlp_only_layers' is 3; expected a list of layers")]
    [InlineData(Qwen2Moe, "mlp_only_layers", "[6]", "'mlp_only_layers' contains 6; expected layers from 0 to 5")]
    [InlineData(Qwen2Moe, "shared_expert_intermediate_size", null, "'shared_expert_intermediate_size' is missing")]
    [InlineData(GptOss, "swiglu_limit", "8", "'swiglu_limit' is 8; expected 7")]
    [InlineData(KimiK2, "quantization_config", "3", "'quantization_config' is 3; expected an object")]
    [InlineData(KimiK2, "quantization_config", "{}", "'quantization_config.quant_method' is missing; expected the name of a method")]
    [InlineData(KimiK2, "quantization_config", "{\"quant_method\":[]}", "'quantization_config.quant_method' is a list; expected a string")]
    [InlineData(KimiK2, "quantization_config", "{\"quant_method\":\"fp8\",\"weight_block_size\":[128]}", "'quantization_config.weight_block_size' is a list; expected a list of two integers from 1")]
    [InlineData(KimiK2, "quantization_config", "{\"quant_method\":\"fp8\",\"weight_block_size\":[128,0]}", "expected a list of two integers from 1")]
    [InlineData(KimiK2, "quantization_config", "{\"quant_method\":\"compressed-tensors\",\"config_groups\":[]}", "'quantization_config.config_groups' is a list; expected an object")]
    [InlineData(KimiK2, "quantization_config", "{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"a\":{\"weights\":{\"num_bits\":\"8\"}}}}", "'quantization_config.config_groups.a.weights.num_bits' is \"8\"; expected an integer")]
    [InlineData(Llama4, "text_config", "[]", "'text_config' is a list; expected an object")]
    [InlineData(Llama4, "text_config", "{\"model_type\":\"llama4_text\",\"num_hidden_layers\":-1}", "'text_config.num_hidden_layers' is -1")]
    public void WrongValuesAreReportedWithFileAndKey(string json, string key, string? value, string problem)
    {
        var error = Assert.Throws<ModelConfigException>(() => Parse(With(json, key, value)));
        Assert.StartsWith("config.json: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"model_type\":\"\\ud800\"}")]
    public void WhatIsNoJsonObjectIsRejected(string json) => Assert.Throws<ModelConfigException>(() => Parse(json));

    [Fact]
    public void AMissingFileIsNamed()
    {
        using var temporary = new TemporaryFolder();
        var error = Assert.Throws<FileNotFoundException>(() => MoeModelConfig.Load(temporary.Path()));
        Assert.Contains(temporary.Path("config.json"), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(GoldenModels))]
    public void WhateverAKeyHoldsNothingButTheDocumentedExceptionEscapes(string model)
    {
        string?[] values = [null, "null", "-1", "0", "1", "7", "2147483647", "99999999999999999999", "1e400", "0.5", "true", "\"\"", "\"silu\"", "[]", "[0]", "[-1]", "{}"];
        var golden = File.ReadAllText(GoldenFiles.Path(model, "config.json"));
        foreach (var (key, _) in JsonNode.Parse(golden)!.AsObject())
        {
            foreach (var value in values)
            {
                try
                {
                    var config = Parse(With(golden, key, value));
                    Assert.InRange(config.TopK, 1, config.Experts);
                    Assert.All(config.MoeLayers, layer => Assert.InRange(layer, 0, config.Layers - 1));
                }
                catch (ModelConfigException)
                {
                    // What a key may not hold is tested above.
                }
            }
        }
    }

    [Fact]
    public void UnknownKeysAreIgnored()
    {
        var config = Parse(With(With(KimiK2, "some_key_of_next_year", "{\"hidden_size\":[1,{}]}"), "auto_map", "[null]"));
        Assert.Equal(7168, config.HiddenSize);
    }

    private static MoeModelConfig Parse(string json) => MoeModelConfig.Parse(Encoding.UTF8.GetBytes(json), "config.json");

    /// <summary>The text with a key set to a raw value, or without the key.</summary>
    private static string With(string json, string key, string? value)
    {
        var members = JsonNode.Parse(json)!.AsObject().Where(member => member.Key != key).Select(member => $"\"{member.Key}\":{member.Value?.ToJsonString() ?? "null"}");
        return $"{{{string.Join(',', value is null ? members : members.Append($"\"{key}\":{value}"))}}}";
    }
}
