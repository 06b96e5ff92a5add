using System.Text;

namespace KernelGen.HuggingFace.Tests.Shapes;

/// <summary>What a tuner reads of a <c>config.json</c>, family by family.</summary>
public class ExpertShapeTests
{
    [Theory]
    [InlineData("""{"model_type":"mixtral","num_local_experts":8,"num_experts_per_tok":2,"hidden_size":64,"intermediate_size":96}""", 8, 2, 64, 96)]
    [InlineData("""{"model_type":"qwen2_moe","num_experts":60,"num_experts_per_tok":4,"hidden_size":64,"intermediate_size":11,"moe_intermediate_size":96}""", 60, 4, 64, 96)]
    [InlineData("""{"model_type":"qwen3_moe","num_experts":16,"num_experts_per_tok":4,"hidden_size":64,"moe_intermediate_size":96}""", 16, 4, 64, 96)]
    [InlineData("""{"model_type":"qwen3_moe","num_local_experts":16,"num_experts_per_tok":4,"hidden_size":64,"moe_intermediate_size":96}""", 16, 4, 64, 96)]
    [InlineData("""{"model_type":"qwen3_vl_moe","vision_config":{"hidden_size":1},"text_config":{"num_experts":16,"num_experts_per_tok":4,"hidden_size":64,"moe_intermediate_size":96}}""", 16, 4, 64, 96)]
    [InlineData("""{"model_type":"bailing_moe","num_experts":16,"num_shared_experts":1,"num_experts_per_tok":4,"hidden_size":64,"intermediate_size":11,"moe_intermediate_size":96}""", 16, 4, 64, 96)]
    [InlineData("""{"model_type":"deepseek_v2","n_routed_experts":16,"n_shared_experts":2,"num_experts_per_tok":4,"hidden_size":64,"moe_intermediate_size":96}""", 16, 4, 64, 96)]
    [InlineData("""{"model_type":"deepseek_v3","n_routed_experts":16,"n_shared_experts":1,"num_experts_per_tok":4,"hidden_size":64,"moe_intermediate_size":96}""", 17, 5, 64, 96)]
    [InlineData("""{"model_type":"kimi_k2","n_routed_experts":16,"n_shared_experts":1,"num_experts_per_tok":4,"hidden_size":64,"moe_intermediate_size":96}""", 17, 5, 64, 96)]
    [InlineData("""{"model_type":"glm4_moe","n_routed_experts":16,"n_shared_experts":1,"num_experts_per_tok":4,"hidden_size":64,"moe_intermediate_size":96}""", 17, 5, 64, 96)]
    [InlineData("""{"model_type":"mimo_v2_flash","n_routed_experts":16,"n_shared_experts":null,"num_experts_per_tok":4,"hidden_size":64,"moe_intermediate_size":96}""", 16, 4, 64, 96)]
    [InlineData("""{"model_type":"llama4","text_config":{"model_type":"llama4_text","num_local_experts":16,"num_experts_per_tok":1,"hidden_size":64,"intermediate_size":96,"intermediate_size_mlp":192}}""", 17, 2, 64, 96)]
    [InlineData("""{"model_type":"dbrx","d_model":64,"ffn_config":{"moe_num_experts":16,"moe_top_k":4,"ffn_hidden_size":96}}""", 16, 4, 64, 96)]
    [InlineData("""{"model_type":"jamba","num_experts":16,"num_experts_per_tok":2,"hidden_size":64,"intermediate_size":96}""", 16, 2, 64, 96)]
    [InlineData("""{"model_type":"olmoe","num_experts":16,"num_experts_per_tok":2,"hidden_size":64,"intermediate_size":96}""", 16, 2, 64, 96)]
    [InlineData("""{"model_type":"grok-1","num_local_experts":8,"num_experts_per_tok":2,"hidden_size":64,"intermediate_size":11,"moe_intermediate_size":96}""", 8, 2, 64, 96)]
    [InlineData("""{"model_type":"gpt_oss","num_local_experts":8,"num_experts_per_tok":2,"hidden_size":64,"intermediate_size":96}""", 8, 2, 64, 96)]
    public void EveryFamilysKeysAreKnown(string json, int experts, int topK, int hiddenSize, int intermediateSize)
    {
        var shape = Parse(json);
        Assert.Equal((experts, topK, hiddenSize, intermediateSize), (shape.Experts, shape.TopK, shape.HiddenSize, shape.IntermediateSize));
        var routed = Parse(json, fuseSharedExpert: false);
        Assert.Equal(shape.HasSharedExpert ? (experts - 1, topK - 1) : (experts, topK), (routed.Experts, routed.TopK));
        Assert.False(routed.HasSharedExpert);
    }

    [Theory]
    [InlineData("", "bfloat16", null, false)]
    [InlineData("\"torch_dtype\":\"float16\"", "float16", null, false)]
    [InlineData("\"quantization_config\":{\"quant_method\":\"fp8\",\"weight_block_size\":[128,128]}", "fp8_w8a8", "128x128", false)]
    [InlineData("\"quantization_config\":{\"quant_method\":\"fp8\"}", "fp8_w8a8", null, false)]
    [InlineData("\"quantization_config\":{\"quant_method\":\"fbgemm_fp8\"}", "fp8_w8a8", null, true)]
    [InlineData("\"quantization_config\":{\"quant_method\":\"modelopt\",\"quant_algo\":\"FP8\"}", "fp8_w8a8", null, false)]
    [InlineData("\"quantization_config\":{\"quant_method\":\"mxfp4\"}", "bfloat16", null, false)]
    [InlineData("\"quantization_config\":{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":64}", "int4_w4a16", "0x64", false)]
    [InlineData("\"quantization_config\":{\"quant_method\":\"awq\",\"bits\":4,\"group_size\":128}", "int4_w4a16", "0x128", false)]
    [InlineData("\"quantization_config\":{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"group_0\":{\"weights\":{\"num_bits\":4,\"type\":\"int\",\"group_size\":32}}}}", "int4_w4a16", "0x32", false)]
    [InlineData("\"quantization_config\":{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"group_0\":{\"weights\":{\"num_bits\":8,\"type\":\"float\",\"strategy\":\"channel\"}}}}", "fp8_w8a8", null, true)]
    [InlineData("\"quantization_config\":{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"group_0\":{\"weights\":{\"num_bits\":8,\"type\":\"int\",\"strategy\":\"channel\"},\"input_activations\":{\"num_bits\":8}}}}", "int8_w8a8", null, true)]
    [InlineData("\"quantization_config\":{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"group_0\":{\"weights\":{\"num_bits\":8,\"type\":\"int\",\"strategy\":\"channel\"}}}}", "int8_w8a16", null, true)]
    public void TheFormatIsThatOfTheCheckpoint(string keys, string type, string? block, bool perChannel)
    {
        var format = Parse(Mixtral(keys)).Format;
        Assert.Equal((type, block, perChannel), (format.Type, format.BlockShape is var (rows, columns) ? $"{rows}x{columns}" : null, format.PerChannel));
    }

    [Fact]
    public void ARankHasItsPartOfTheExpertsAndOfTheirWidth()
    {
        var shape = Parse("""{"model_type":"deepseek_v3","n_routed_experts":16,"n_shared_experts":1,"num_experts_per_tok":4,"hidden_size":64,"moe_intermediate_size":96}""");
        Assert.Equal((17, 96, 16), Sizes(shape.Shard(1, 1)));
        Assert.Equal((17, 12, 16), Sizes(shape.Shard(8, 1)));
        Assert.Equal((5, 48, 16), Sizes(shape.Shard(8, 4)));
        Assert.Equal((3, 96, 16), Sizes(shape.Shard(8, 8)));

        static (int, int, int) Sizes(ShardedShape sharded) => (sharded.Experts, sharded.IntermediateSize, sharded.RoutedExperts);
    }

    [Theory]
    [InlineData(5, 1, "I * ep / tp = 96 * 1 / 5 = 19.2")]
    [InlineData(6, 3, "E / ep = 8 / 3 = 2.667")]
    [InlineData(8, 3, "tp / ep = 8 / 3 = 2.667")]
    public void WhatDoesNotDivideShowsItsArithmetic(int tensorParallel, int expertParallel, string expected)
    {
        var problem = Assert.Throws<ModelConfigException>(() => Parse(Mixtral("")).Shard(tensorParallel, expertParallel));
        Assert.Contains(expected, problem.Message);
        Assert.Contains("config.json", problem.Message);
    }

    [Theory]
    [InlineData("""{"model_type":"gpt2"}""", "'model_type' is 'gpt2'; expected mixtral, ")]
    [InlineData("""{"hidden_size":64}""", "'model_type' is missing")]
    [InlineData("""{"model_type":"dbrx","d_model":64}""", "'ffn_config' is missing")]
    [InlineData("""{"model_type":"dbrx","d_model":64,"ffn_config":{"moe_top_k":4}}""", "'ffn_config.moe_num_experts' is missing")]
    [InlineData("""{"model_type":"mixtral","num_local_experts":-8,"num_experts_per_tok":2,"hidden_size":64,"intermediate_size":96}""", "'num_local_experts' is -8")]
    [InlineData("""{"model_type":"mixtral","num_local_experts":8,"num_experts_per_tok":9,"hidden_size":64,"intermediate_size":96}""", "'num_experts_per_tok' is 9, more than the 8 experts")]
    [InlineData("""{"model_type":"qwen3_vl_moe","text_config":{"num_experts":1.5,"num_experts_per_tok":4,"hidden_size":64,"moe_intermediate_size":96}}""", "'text_config.num_experts' is 1.5")]
    [InlineData("[]", "is not a JSON object")]
    [InlineData("{", "is not valid JSON")]
    public void WhatIsMissingOrWrongIsNamed(string json, string expected) => Assert.Contains(expected, Assert.Throws<ModelConfigException>(() => Parse(json)).Message);

    [Theory]
    [InlineData("\"hidden_act\":\"relu\"", "'hidden_act' is 'relu'")]
    [InlineData("\"torch_dtype\":\"int8\"", "'torch_dtype' is 'int8'")]
    [InlineData("\"quantization_config\":{\"quant_method\":\"bitsandbytes\"}", "'quantization_config.quant_method' is 'bitsandbytes'")]
    [InlineData("\"quantization_config\":{\"quant_method\":\"gptq\",\"bits\":3}", "'quantization_config.bits' is 3")]
    public void AFormatOrActivationWithoutKernelsIsNamed(string keys, string expected) =>
        Assert.Contains(expected, Assert.Throws<ModelConfigException>(() => Parse(Mixtral(keys))).Message);

    [Fact]
    public void EveryPresetIsAModel()
    {
        Assert.True(ModelPresets.Names.Count >= 20);
        Assert.All(ModelPresets.Names, name => Assert.True(ModelPresets.Find(name)!.Shard(4, 1).IntermediateSize > 0));
        Assert.Null(ModelPresets.Find("gpt-2"));
        var qwen = ModelPresets.Find("Qwen3-30B-A3B")!.Shard(8, 1);
        Assert.Equal((128, 8, 2048, 96), (qwen.Experts, qwen.Whole.TopK, qwen.Whole.HiddenSize, qwen.IntermediateSize));
        Assert.Equal(new ExpertShapeFormat("fp8_w8a8", (128, 128)), ModelPresets.Find("deepseek-r1")!.Format);
        Assert.Equal((257, 256), (ModelPresets.Find("deepseek-v3")!.Experts, ModelPresets.Find("deepseek-v3", fuseSharedExpert: false)!.Experts));
        Assert.Equal(MoeActivation.SwigluOai, ModelPresets.Find("gpt-oss-20b")!.Activation);
    }

    private static ExpertShape Parse(string json, bool fuseSharedExpert = true) => ExpertShape.Parse(Encoding.UTF8.GetBytes(json), "config.json", fuseSharedExpert);

    private static string Mixtral(string keys) =>
        $$"""{"model_type":"mixtral","num_local_experts":8,"num_experts_per_tok":2,"hidden_size":64,"intermediate_size":96{{(keys.Length > 0 ? "," : "")}}{{keys}}}""";
}
