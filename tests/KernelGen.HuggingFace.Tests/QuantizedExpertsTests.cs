using System.Runtime.InteropServices;

namespace KernelGen.HuggingFace.Tests;

/// <summary>Quantised experts: found, recognised, and the numbers that they stand for.</summary>
public class QuantizedExpertsTests
{
    [Theory]
    [InlineData("deepseek_v3", StoredForm.Fp8Block, DType.Float8E4M3, WeightQuantization.Block128, 0)]
    [InlineData("deepseek_v3", StoredForm.Fp8Channel, DType.Float8E4M3, WeightQuantization.Channel, 0)]
    [InlineData("deepseek_v3", StoredForm.Fp8Tensor, DType.Float8E4M3, WeightQuantization.Tensor, 0)]
    [InlineData("deepseek_v3", StoredForm.Int8Channel, DType.Int8, WeightQuantization.Channel, 0)]
    [InlineData("deepseek_v3", StoredForm.Int4Group, DType.Int4, WeightQuantization.Group, 32)]
    [InlineData("deepseek_v3", StoredForm.Int4ZeroPoints, DType.Int4, WeightQuantization.Group, 32, true)]
    [InlineData("deepseek_v3", StoredForm.Int4Channel, DType.Float32, WeightQuantization.None, 0)] // multiplied out
    [InlineData("llama4_text", StoredForm.Int4Group, DType.Int4, WeightQuantization.Group, 32)]
    [InlineData("llama4_text", StoredForm.Fp8Channel, DType.Float8E4M3, WeightQuantization.Channel, 0)]
    [InlineData("gpt_oss", StoredForm.Mxfp4, DType.BFloat16, WeightQuantization.None, 0)]
    public void WeightsAreNumbersTimesScales(string family, StoredForm form, DType type, WeightQuantization quantization, int groupSize, bool zeroPoints = false)
    {
        using var model = new QuantizedCheckpoint(family, form, form).Write();
        using var quantized = SafetensorsCheckpoint.Open(model.Folder);
        using var plain = SafetensorsCheckpoint.Open(model.PlainFolder);
        var layer = MoeLayerTensors.Load(quantized, MoeModelConfig.Load(model.Folder), 0);
        var expected = MoeLayerTensors.Load(plain, MoeModelConfig.Load(model.PlainFolder), 0);
        Assert.Equal(new ExpertFormat(type, quantization, groupSize, zeroPoints), layer.Format);
        Assert.Equal(DType.Float32, expected.WeightType);

        // Not one rounding: the scales are numbers of few bits.
        foreach (var (actual, mlp) in layer.Experts.Zip(expected.Experts).Append((layer.SharedExpert!, expected.SharedExpert!)).Where(pair => pair.Item1 is not null))
        {
            AssertSame(mlp.Gate, actual.Gate, model.Seed);
            AssertSame(mlp.Up, actual.Up, model.Seed);
            AssertSame(mlp.Down, actual.Down, model.Seed);
        }
    }

    [Fact]
    public void RowsAreReadFromAnywhere()
    {
        using var model = new QuantizedCheckpoint("deepseek_v3", StoredForm.Fp8Block).Write();
        using var checkpoint = SafetensorsCheckpoint.Open(model.Folder);
        var up = MoeLayerTensors.Load(checkpoint, MoeModelConfig.Load(model.Folder), 0).Experts[4].Up;
        var rows = new float[5 * up.Columns];
        up.ReadRows(126, rows); // across the border of two blocks
        Assert.Equal(up.ReadSingles().AsSpan(126 * up.Columns, rows.Length).ToArray(), rows);
        Assert.Equal(checkpoint.Get($"{model.Prefix}experts.4.up_proj.weight").Address, up.Address);
    }

    [Fact]
    public void MicroscaledScalesArePowersOfTwoAndOneIsNoNumber()
    {
        using var model = new QuantizedCheckpoint("gpt_oss", StoredForm.Mxfp4);
        model.Change("experts.down_proj_blocks", tensor => tensor with { Bytes = [.. tensor.Bytes.Select((_, i) => (byte)(i % 2 == 0 ? 0x21 : 0xF7))] });
        model.Change("experts.down_proj_scales", tensor => tensor with { Bytes = [.. tensor.Bytes.Select((_, i) => (byte)i)] });
        model.Write();
        using var checkpoint = SafetensorsCheckpoint.Open(model.Folder);
        var down = MoeLayerTensors.Load(checkpoint, MoeModelConfig.Load(model.Folder), 0).Experts[0].Down.ReadSingles();
        for (var exponent = 0; exponent < 255; exponent++)
        {
            float[] expected = [.. new[] { 0.5, 1, 6, -6 }.Select(number => (float)(number * Math.Pow(2, exponent - 127)))];
            Assert.Equal(expected, down.AsSpan(exponent * 32, 4).ToArray());
            Assert.Equal(expected.Select(value => (float)(BFloat16)value), expected); // bf16 holds them all
        }

        Assert.All(down.AsSpan(255 * 32, 32).ToArray(), value => Assert.True(float.IsNaN(value)));
    }

    [Theory]
    [InlineData("experts.2.up_proj.weight_scale_inv", "has the shape [2, 2]", "expected [], [192, 1] or [2, 3] for blocks of 128 by 128", 2, 2)]
    [InlineData("experts.2.up_proj.weight_scale_inv", "has the shape [3, 2]", "[2, 3] for blocks of 128 by 128", 3, 2)]
    [InlineData("experts.2.down_proj.weight", "has the shape [192, 320]", "expected [320, 192] from", 192, 320)]
    public void WrongShapesAreReported(string tensor, string problem, string expected, int rows, int columns)
    {
        using var model = new QuantizedCheckpoint("deepseek_v3", StoredForm.Fp8Block);
        model.Change(tensor, stored => stored with { Shape = [rows, columns], Bytes = new byte[rows * columns * (stored.DType == SafetensorsDType.Float32 ? 4 : 1)] });
        Fails(model, $"tensor '{model.Prefix}{tensor}' {problem}", expected);
    }

    [Fact]
    public void ScalesThatAreMissingOrNoNumbersAreReported()
    {
        using var missing = new QuantizedCheckpoint("deepseek_v3", StoredForm.Fp8Block);
        missing.Tensors.RemoveAll(tensor => tensor.Name.EndsWith("experts.5.down_proj.weight_scale_inv", StringComparison.Ordinal));
        Fails(missing, "experts.5.down_proj.weight' is F8_E4M3 and has no scales: there is neither", "weight_scale'", "weight_scale_inv'");
        using var bytes = new QuantizedCheckpoint("deepseek_v3", StoredForm.Fp8Block);
        bytes.Change("experts.0.gate_proj.weight_scale_inv", stored => stored with { DType = SafetensorsDType.UInt8, Bytes = new byte[6] });
        Fails(bytes, "experts.0.gate_proj.weight_scale_inv' is U8; expected scales of F32, F16 or BF16");
        using var other = new QuantizedCheckpoint("deepseek_v3", StoredForm.Fp8Block);
        other.Change("experts.0.gate_proj.weight", stored => stored with { DType = SafetensorsDType.Float8E5M2 });
        Fails(other, "experts.0.gate_proj.weight' is F8_E5M2; expected F32, F16 or BF16, or F8_E4M3 or I8 with scales");
    }

    [Fact]
    public void BlocksNeedTheirSize()
    {
        using var model = new QuantizedCheckpoint("deepseek_v3", StoredForm.Fp8Block);
        model.Config = model.Config.Replace(",\"weight_block_size\":[128,128]", "", StringComparison.Ordinal);
        Fails(model, "experts.0.gate_proj.weight_scale_inv' has the shape [2, 3]", "'weight_block_size'");
    }

    [Fact]
    public void BlocksThatNoKernelHasAreReadAsSingles()
    {
        using var model = new QuantizedCheckpoint("deepseek_v3", StoredForm.Fp8Block);
        model.Config = model.Config.Replace("[128,128]", "[96,160]", StringComparison.Ordinal);
        foreach (var stored in model.Tensors.ToArray())
        {
            if (!stored.Name.EndsWith("_inv", StringComparison.Ordinal)) continue;
            long[] grid = stored.Name.Contains("down", StringComparison.Ordinal) ? [4, 2] : [2, 2];
            var scales = Enumerable.Range(1, (int)(grid[0] * grid[1])).Select(i => (float)i).ToArray();
            model.Change(stored.Name[model.Prefix.Length..], _ => stored with { Shape = grid, Bytes = MemoryMarshal.AsBytes(scales.AsSpan()).ToArray() });
        }

        model.Write();
        using var checkpoint = SafetensorsCheckpoint.Open(model.Folder);
        var down = MoeLayerTensors.Load(checkpoint, MoeModelConfig.Load(model.Folder), 0).Experts[1].Down;
        Assert.Equal(new ExpertFormat(DType.Float32), down.Format);
        var numbers = down.Tensor.AsSpan<Float8E4M3>();
        var values = down.ReadSingles();
        for (var i = 0; i < values.Length; i++) Assert.Equal(numbers[i] * (1f + (i / 192 / 96 * 2) + (i % 192 / 160)), values[i]);
    }

    [Fact]
    public void ExpertsWithOtherScalesAreRejected()
    {
        using var model = new QuantizedCheckpoint("deepseek_v3", StoredForm.Fp8Channel);
        model.Change("experts.3.up_proj.weight_scale", stored => stored with { Shape = [1], Bytes = new byte[2] });
        Fails(model, "experts.3.up_proj.weight' is F8_E4M3 with scales [1], but", "is F8_E4M3 with scales [192, 1]; all must be alike");
    }

    [Theory]
    [InlineData(StoredForm.Int4Group, "weight_g_idx", "is not supported: it permutes or scales the activations")]
    [InlineData(StoredForm.Fp8Tensor, "pre_quant_scale", "is not supported: it permutes or scales the activations")]
    [InlineData(StoredForm.Int4Group, "weight_zero_point", "is I32 [1]; expected I32 [24, 10], and rows in eights")]
    [InlineData(StoredForm.Int8Channel, "weight_zero_point", "cannot be used; expected zero points of packed 4-bit weights only")]
    public void ZeroPointsAndOrdersThatCannotBeUsedAreRejected(StoredForm form, string suffix, string problem)
    {
        using var model = new QuantizedCheckpoint("deepseek_v3", form);
        model.Tensors.Add(new($"{model.Prefix}experts.1.up_proj.{suffix}", SafetensorsDType.Int32, [1], new byte[4]));
        Fails(model, $"experts.1.up_proj.{suffix}' {problem}");
    }

    [Fact]
    public void MicroscaledTensorsOfAWrongShapeAreRejected()
    {
        using var model = new QuantizedCheckpoint("gpt_oss", StoredForm.Mxfp4);
        model.Change("experts.down_proj_scales", stored => stored with { Shape = [6, 192, 10] });
        Fails(model, "experts.down_proj_scales' has the shape [6, 192, 10]", "expected [6, 320, 6] from");
        using var signed = new QuantizedCheckpoint("gpt_oss", StoredForm.Mxfp4);
        signed.Change("experts.gate_up_proj_blocks", stored => stored with { DType = SafetensorsDType.Int8 });
        Fails(signed, "experts.gate_up_proj_blocks' is I8; expected U8");
    }

    private static void Fails(QuantizedCheckpoint model, params string[] problems)
    {
        model.Write();
        using var checkpoint = SafetensorsCheckpoint.Open(model.Folder);
        var config = MoeModelConfig.Load(model.Folder);
        var error = Assert.Throws<SafetensorsException>(() => { MoeLayerTensors.Load(checkpoint, config, 0); });
        Assert.All(problems, problem => Assert.Contains(problem, error.Message, StringComparison.Ordinal));
    }

    private static void AssertSame(ExpertMatrix expected, ExpertMatrix actual, string seed)
    {
        float[] wanted = expected.ReadSingles(), found = actual.ReadSingles();
        for (var i = 0; i < wanted.Length; i++) Assert.True(wanted[i].Equals(found[i]), $"{actual.Tensor.Name} weight {i}: expected {wanted[i]}, got {found[i]}; {seed}");
    }
}
