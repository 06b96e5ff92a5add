using System.Numerics.Tensors;
using KernelGen.Testing;

namespace KernelGen.HuggingFace.Tests;

/// <summary>How a block takes its weights; what it computes with them is tested with <c>kernelgen run</c>.</summary>
public class MoeBlockLoadingTests
{
    [Fact]
    public void QuantisedWeightsAreReadWhereTheyLie()
    {
        using var model = new QuantizedCheckpoint("deepseek_v3", StoredForm.Fp8Block, StoredForm.Fp8Block).Write();
        using var checkpoint = SafetensorsCheckpoint.Open(model.Folder);
        using var block = new MoeBlock<Float8E4M3>(Layer(checkpoint, model.Folder), NoRoute, NoForward);
        AssertWeights(checkpoint, model, block.Experts);
        Assert.Equal(0, block.LargestWeightError);

        // A mapping sees what is written to the file, a copy does not. (Windows does not let a mapped file be written.)
        if (OperatingSystem.IsWindows()) return;
        var weight = checkpoint.Get($"{model.Prefix}experts.2.down_proj.weight");
        float[] before = new float[QuantizedCheckpoint.IntermediateSize], after = new float[before.Length];
        block.Experts.CopyRow(ExpertProjection.Down, 2, 0, before);
        using (var file = new FileStream(weight.File.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.Position = weight.File.Header.DataStart + weight.Info.DataOffset;
            file.WriteByte((byte)(weight.AsSpan<byte>()[0] ^ 0x80)); // the sign
        }

        block.Experts.CopyRow(ExpertProjection.Down, 2, 0, after);
        Assert.Equal([-before[0], .. before[1..]], after);
    }

    [Fact]
    public void OtherTypesAreConverted()
    {
        using var model = new QuantizedCheckpoint("deepseek_v3", StoredForm.Int4Group).Write();
        using var checkpoint = SafetensorsCheckpoint.Open(model.Folder);
        var progress = new Count();
        using var block = new MoeBlock<float>(Layer(checkpoint, model.Folder), NoRoute, NoForward, progress: progress);
        AssertWeights(checkpoint, model, block.Experts);
        Assert.Equal(Enumerable.Range(1, QuantizedCheckpoint.Experts), progress.Values.Order());
    }

    [Fact]
    public void ZeroPointsComeWithTheScales()
    {
        using var model = new QuantizedCheckpoint("deepseek_v3", StoredForm.Int4ZeroPoints, StoredForm.Int4ZeroPoints).Write();
        using var checkpoint = SafetensorsCheckpoint.Open(model.Folder);
        using var block = new MoeBlock<Int4Pair>(Layer(checkpoint, model.Folder), NoRoute, NoForward, cancellation: TestContext.Current.CancellationToken);
        AssertWeights(checkpoint, model, block.Experts);
    }

    [Fact]
    public void SharedExpertsHaveAFormatOfTheirOwn()
    {
        using var model = new QuantizedCheckpoint("deepseek_v3", StoredForm.Int4Group).Write();
        using var checkpoint = SafetensorsCheckpoint.Open(model.Folder);
        var layer = Layer(checkpoint, model.Folder);
        using var block = new MoeBlock<Int4Pair>(layer, NoRoute, NoForward, sharedExperts: SharedExperts.Load<BFloat16>(layer, NoForward, cancellation: TestContext.Current.CancellationToken));
        AssertWeights(checkpoint, model, block.Experts);

        // Left alone they would become what the routed experts are, for which a format has to be said.
        Assert.Contains("specify a format", Assert.Throws<ArgumentException>(() => new MoeBlock<Int4Pair>(layer, NoRoute, NoForward)).Message, StringComparison.Ordinal);
        using var quantized = new MoeBlock<Int4Pair>(layer, NoRoute, NoForward, new ExpertFormat(DType.Int4, WeightQuantization.Group, 32));
        Assert.True(quantized.LargestWeightError > 0);
    }

    [Fact]
    public void AFormatIsOfTheBlocksType()
    {
        using var checkpoint = SafetensorsCheckpoint.Open(GoldenFiles.Path("mixtral-a"));
        var layer = Layer(checkpoint, GoldenFiles.Path("mixtral-a"));
        Assert.Contains("do not have the format", Assert.Throws<ArgumentException>(() => new MoeBlock<float>(layer, NoRoute, NoForward, new ExpertFormat(DType.BFloat16))).Message, StringComparison.Ordinal);
        Assert.Contains("has no shared experts", Assert.Throws<ArgumentException>(() => SharedExperts.Load<float>(layer, NoForward, cancellation: TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DType.Float32, WeightQuantization.None)]
    [InlineData(DType.Int8, WeightQuantization.Channel)]
    public void LoadingStopsWhenAsked(DType type, WeightQuantization quantization)
    {
        using var checkpoint = SafetensorsCheckpoint.Open(GoldenFiles.Path("qwen3moe-a"));
        var layer = Layer(checkpoint, GoldenFiles.Path("qwen3moe-a"));
        using var cancellation = new CancellationTokenSource();
        var progress = new Count { Then = cancellation.Cancel };
        var format = new ExpertFormat(type, quantization);
        Assert.ThrowsAny<OperationCanceledException>(() => type == DType.Int8
            ? (IDisposable)new MoeBlock<sbyte>(layer, NoRoute, NoForward, format, null, progress, cancellation.Token)
            : new MoeBlock<float>(layer, NoRoute, NoForward, format, null, progress, cancellation.Token));
        Assert.NotEmpty(progress.Values);
    }

    private static MoeLayerTensors Layer(SafetensorsCheckpoint checkpoint, string folder) => MoeLayerTensors.Load(checkpoint, MoeModelConfig.Load(folder), 0);

    /// <summary>All weights that a kernel would read.</summary>
    private static void AssertWeights<T>(SafetensorsCheckpoint checkpoint, QuantizedCheckpoint model, ExpertWeights<T> weights)
        where T : unmanaged
    {
        var layer = Layer(checkpoint, model.Folder);
        for (var e = 0; e < QuantizedCheckpoint.Experts; e++)
        {
            var mlp = layer.Experts[e];
            foreach (var (projection, matrix) in new[] { (ExpertProjection.Gate, mlp.Gate), (ExpertProjection.Up, mlp.Up), (ExpertProjection.Down, mlp.Down) })
            {
                var (values, row) = (matrix.ReadSingles(), new float[matrix.Columns]);
                for (var r = 0; r < matrix.Rows; r++)
                {
                    weights.CopyRow(projection, e, r, row);
                    Assert.True(values.AsSpan(r * row.Length, row.Length).SequenceEqual(row), $"expert {e} {projection} row {r}; {model.Seed}");
                }
            }
        }
    }

    private static void NoRoute(ReadOnlyTensorSpan<float> logits, ReadOnlySpan<float> bias, TensorSpan<float> weights, TensorSpan<int> experts, float scale, int nonPadded, CancellationToken cancellation) =>
        throw new NotSupportedException();

    private static void NoForward<T>(
        ReadOnlyTensorSpan<float> hidden, ExpertWeights<T> experts, ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> ids, TensorSpan<float> output, int splitK, CancellationToken cancellation)
        where T : unmanaged => throw new NotSupportedException();

    private sealed class Count : IProgress<int>
    {
        private readonly Lock _lock = new();

        public List<int> Values { get; } = [];

        public Action Then { get; init; } = () => { };

        public void Report(int value)
        {
            lock (_lock) Values.Add(value);
            Then();
        }
    }
}
