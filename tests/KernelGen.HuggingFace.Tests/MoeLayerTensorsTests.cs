using KernelGen.Testing;

namespace KernelGen.HuggingFace.Tests;

public class MoeLayerTensorsTests
{
    private const string Expert = "model.layers.0.mlp.experts.3.";

    [Fact]
    public void TensorsLieInTheFileAndAreNotCopied()
    {
        using var checkpoint = SafetensorsCheckpoint.Open(GoldenFiles.Path("deepseekv3-a"));
        var layer = MoeLayerTensors.Load(checkpoint, MoeModelConfig.Load(GoldenFiles.Path("deepseekv3-a")), 0);
        Assert.Equal(DType.BFloat16, layer.WeightType);
        Assert.Equal(32, layer.Experts.Count);
        Assert.Equal(checkpoint.Get($"{Expert}up_proj.weight").Address, layer.Experts[3].Up.Address);
        Assert.Equal([128, 96], (int[])[layer.Experts[3].Down.Rows, layer.Experts[3].Down.Columns]);
        Assert.Equal("model.layers.0.mlp.gate.e_score_correction_bias", layer.CorrectionBias?.Name);
        Assert.Equal("model.layers.0.mlp.shared_experts.gate_proj.weight", layer.SharedExpert?.Gate.Tensor.Name);
        Assert.Null(layer.SharedExpertGate);
    }

    [Theory]
    [InlineData("layers.0.")] // a model saved without its head
    [InlineData("model.language_model.layers.0.")]
    [InlineData("language_model.model.layers.0.")]
    public void LayersAreFoundInsideLargerAndSmallerModels(string prefix)
    {
        using var changed = new ChangedModel("jamba-a");
        changed.Rewrite(tensor => (tensor.Name.Replace("model.layers.0.", prefix, StringComparison.Ordinal), tensor.DType, tensor.Shape.ToArray()));
        Assert.StartsWith(prefix, changed.Load().Router.Name, StringComparison.Ordinal);
    }

    [Fact]
    public void AWrongShapeIsReportedWithTheExpectedOne()
    {
        using var changed = new ChangedModel("qwen3moe-a");
        changed.Rewrite(tensor => (tensor.Name, tensor.DType, tensor.Name == $"{Expert}down_proj.weight" ? [96, 128] : tensor.Shape.ToArray()));
        Fails(changed, $"tensor '{Expert}down_proj.weight' has the shape [96, 128]; ", "expected [128, 96] from");
    }

    [Fact]
    public void ExpertsOfDifferentTypesAreRejected()
    {
        using var changed = new ChangedModel("qwen3moe-a");
        changed.Rewrite(tensor => (tensor.Name, tensor.Name == $"{Expert}gate_proj.weight" ? SafetensorsDType.Float16 : tensor.DType, tensor.Shape.ToArray()));
        Fails(changed, $"tensor '{Expert}gate_proj.weight' is F16, but 'model.layers.0.mlp.experts.0.gate_proj.weight' is BF16");
    }

    [Fact]
    public void QuantisedExpertsAreRejected()
    {
        using var changed = new ChangedModel("qwen3moe-a");
        changed.Rewrite(tensor => (tensor.Name, tensor.Name == $"{Expert}gate_proj.weight" ? SafetensorsDType.UInt16 : tensor.DType, tensor.Shape.ToArray()));
        Fails(changed, $"tensor '{Expert}gate_proj.weight' is U16; expected F32, F16 or BF16");
    }

    [Fact]
    public void AMissingExpertIsNamed()
    {
        using var changed = new ChangedModel("mixtral-a");
        changed.Rewrite(tensor => (tensor.Name.Replace("experts.7.w3", "experts.7.w4", StringComparison.Ordinal), tensor.DType, tensor.Shape.ToArray()));
        Fails(changed, "has no tensor 'model.layers.0.block_sparse_moe.experts.7.w3.weight'; nearest: ", "'model.layers.0.block_sparse_moe.experts.7.w4.weight'");
    }

    [Fact]
    public void FusedTensorsOfAWrongShapeAreRejected()
    {
        using var gptOss = new ChangedModel("gptoss-a");
        gptOss.Rewrite(tensor => (tensor.Name, tensor.DType, tensor.Name.EndsWith("experts.gate_up_proj", StringComparison.Ordinal) ? [8, 192, 128] : tensor.Shape.ToArray()));
        Fails(gptOss, "tensor 'model.layers.0.mlp.experts.gate_up_proj' has the shape [8, 192, 128]; ", "expected [8, 128, 192] from");
        using var llama = new ChangedModel("llama4-a");
        llama.Rewrite(tensor => (tensor.Name.Replace("experts.down_proj", "experts.down_projection", StringComparison.Ordinal), tensor.DType, tensor.Shape.ToArray()));
        Fails(llama, "has no tensor 'model.layers.0.feed_forward.experts.down_proj'; nearest: ");
    }

    [Fact]
    public void MissingBiasesAreNamed()
    {
        using var changed = new ChangedModel("gptoss-a");
        changed.Rewrite(tensor => (tensor.Name.Replace("router.bias", "router.offset", StringComparison.Ordinal), tensor.DType, tensor.Shape.ToArray()));
        Fails(changed, "has no tensor 'model.layers.0.mlp.router.bias'");
    }

    [Theory]
    [InlineData("gptoss-a", 2, 1)]
    [InlineData("llama4-a", 1, 96)]
    public void MatricesOfAFusedTensorAreReadByRows(string model, int rowStride, int up)
    {
        using var checkpoint = SafetensorsCheckpoint.Open(GoldenFiles.Path(model));
        var layer = MoeLayerTensors.Load(checkpoint, MoeModelConfig.Load(GoldenFiles.Path(model)), 0);
        var mlp = layer.Experts[2];
        var gateUp = mlp.Gate.Tensor.ReadSingles();
        var rows = new float[3 * 128];
        mlp.Up.ReadRows(41, rows);
        Assert.Equal((96, 128, false), (mlp.Up.Rows, mlp.Up.Columns, mlp.Up.IsRowMajor));
        for (var i = 0; i < rows.Length; i++) Assert.Equal(gateUp[(2 * 128 * 192) + (i % 128 * 192) + ((41 + (i / 128)) * rowStride) + up], rows[i]);
        Assert.Equal(mlp.Down.Tensor.ReadSingles()[(2 * 96 * 128) + (95 * 128) + 7], mlp.Down.ReadSingles()[(7 * 96) + 95]);
    }

    [Fact]
    public void ALayerWithoutExpertsIsRejected()
    {
        using var checkpoint = SafetensorsCheckpoint.Open(GoldenFiles.Path("jamba-a"));
        var config = MoeModelConfig.Load(GoldenFiles.Path("jamba-a")) with { Layers = 3 };
        AssertMessage("layer 2 has no experts; layers with experts: 0", () => MoeLayerTensors.Load(checkpoint, config, 2));
        AssertMessage("'num_hidden_layers' is 3; there is no layer 3", () => MoeLayerTensors.Load(checkpoint, config, 3));
        AssertMessage("'num_hidden_layers' is 3; there is no layer -1", () => MoeLayerTensors.Load(checkpoint, config, -1));
    }

    [Fact]
    public void AnotherActivationIsRejected()
    {
        using var changed = new ChangedModel("olmoe-a");
        changed.Rewrite(tensor => (tensor.Name, tensor.DType, tensor.Shape.ToArray()));
        changed.ReplaceInConfig("\"silu\"", "\"relu\"");
        AssertMessage("'hidden_act' is 'relu'; expected silu, swish, gelu, gelu_new or gelu_pytorch_tanh", () => changed.Load());
    }

    private static void AssertMessage(string problem, Func<object> function)
    {
        var error = Assert.Throws<ModelConfigException>(() => { function(); });
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private static void Fails(ChangedModel model, params string[] problems)
    {
        var error = Assert.Throws<SafetensorsException>(() => { model.Load(); });
        foreach (var problem in problems) Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    /// <summary>A copy of a golden model with changes.</summary>
    private sealed class ChangedModel(string model) : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private SafetensorsCheckpoint? _checkpoint;

        /// <summary>Gives every tensor another name, type or shape of the same length in bytes.</summary>
        public void Rewrite(Func<SafetensorsTensor, (string Name, SafetensorsDType DType, long[] Shape)> change)
        {
            File.Copy(GoldenFiles.Path(model, "config.json"), _folder.Path("config.json"));
            using var original = SafetensorsFile.Open(GoldenFiles.Path(model, "model.safetensors"));
            var changed = original.Tensors.Select(tensor => (tensor, change(tensor))).ToArray();
            var infos = changed.Select(pair => new SafetensorsTensorInfo(pair.Item2.Name, pair.Item2.DType, pair.Item2.Shape));
            using var writer = new SafetensorsWriter(_folder.Path("model.safetensors"), infos);
            foreach (var (tensor, to) in changed) writer.Write(to.Name, tensor.AsSpan<byte>());
            writer.Commit();
        }

        public void ReplaceInConfig(string old, string replacement) =>
            _folder.Write("config.json", File.ReadAllText(_folder.Path("config.json")).Replace(old, replacement, StringComparison.Ordinal));

        public MoeLayerTensors Load() =>
            MoeLayerTensors.Load(_checkpoint = SafetensorsCheckpoint.Open(_folder.Path()), MoeModelConfig.Load(_folder.Path()), 0);

        public void Dispose()
        {
            _checkpoint?.Dispose();
            _folder.Dispose();
        }
    }
}
