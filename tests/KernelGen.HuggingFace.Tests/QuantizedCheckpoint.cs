using System.Runtime.InteropServices;
using KernelGen.Testing;

namespace KernelGen.HuggingFace.Tests;

/// <summary>How a synthetic checkpoint stores weights.</summary>
public enum StoredForm
{
    /// <summary>bf16 numbers without scales.</summary>
    BFloat16,

    /// <summary>fp8 as DeepSeek V3, Kimi K2 and Qwen3 publish it: F32 scales of blocks.</summary>
    Fp8Block,

    /// <summary>fp8 of compressed-tensors: BF16 scales [N, 1].</summary>
    Fp8Channel,

    /// <summary>fp8 of ModelOpt: an F32 scalar.</summary>
    Fp8Tensor,

    /// <summary>8-bit integers of compressed-tensors.</summary>
    Int8Channel,

    /// <summary>4-bit integers of compressed-tensors in groups of 32, as Kimi K2 Thinking has them.</summary>
    Int4Group,

    /// <summary>The same with zero points.</summary>
    Int4ZeroPoints,

    /// <summary>The same with one scale and zero point a row.</summary>
    Int4Channel,

    /// <summary>MXFP4 of gpt-oss; all experts in one tensor.</summary>
    Mxfp4,
}

/// <summary>
/// A layer of random quantised weights in a folder, and the same layer in singles in another. Scales are bf16 numbers, so that a
/// number times its scale is a single without rounding: both folders hold the same weights exactly.
/// </summary>
internal sealed class QuantizedCheckpoint : IDisposable
{
    public const int HiddenSize = 320; // neither width is a multiple of 128
    public const int IntermediateSize = 192;
    public const int Experts = 6;
    public const int TopK = 3;
    private const int BlockSize = 128;

    private readonly DirectoryInfo _root = System.IO.Directory.CreateTempSubdirectory("kernelgen-");
    private readonly SeededRandom _random;
    private readonly List<Stored> _quantized = [];
    private readonly List<Stored> _plain = [];

    /// <summary>Invents the layer; nothing is written yet.</summary>
    /// <param name="family">deepseek_v3, llama4_text or gpt_oss.</param>
    /// <param name="routed">Form of the routed experts.</param>
    /// <param name="shared">Form of the shared experts, if the family has any.</param>
    /// <param name="testCase">Number of the case.</param>
    public QuantizedCheckpoint(string family, StoredForm routed, StoredForm shared = StoredForm.BFloat16, int testCase = 0)
    {
        _random = new SeededRandom(testCase);
        Config = ConfigOf(family, routed);
        Prefix = $"model.layers.0.{(family == "llama4_text" ? "feed_forward" : "mlp")}.";
        var router = family == "deepseek_v3" ? "gate" : "router";
        AddNumbers($"{Prefix}{router}.weight", [Experts, HiddenSize], _random.Normal(Experts * HiddenSize, 0.1f));
        if (family == "deepseek_v3") AddNumbers($"{Prefix}{router}.e_score_correction_bias", [Experts], _random.Normal(Experts, 0.1f));
        if (family == "gpt_oss")
        {
            AddNumbers($"{Prefix}{router}.bias", [Experts], _random.Normal(Experts));
            AddNumbers($"{Prefix}experts.gate_up_proj_bias", [Experts, 2 * IntermediateSize], _random.Normal(Experts * 2 * IntermediateSize, 0.1f));
            AddNumbers($"{Prefix}experts.down_proj_bias", [Experts, HiddenSize], _random.Normal(Experts * HiddenSize, 0.1f));
            AddMxfp4("gate_up_proj", 2 * IntermediateSize, HiddenSize);
            AddMxfp4("down_proj", HiddenSize, IntermediateSize);
            return;
        }

        for (var e = 0; e < Experts; e++) AddMlp($"{Prefix}experts.{e}.", routed, IntermediateSize);
        AddMlp($"{Prefix}shared_expert{(family == "deepseek_v3" ? "s" : "")}.", shared, family == "deepseek_v3" ? 2 * IntermediateSize : IntermediateSize);
    }

    /// <summary>The text of the quantised checkpoint's config.json; may be changed before it is written.</summary>
    public string Config { get; set; }

    /// <summary>What repeats the numbers.</summary>
    public string Seed => _random.Description;

    /// <summary>Prefix of the block's tensors.</summary>
    public string Prefix { get; }

    /// <summary>The quantised checkpoint.</summary>
    public string Folder => _root.CreateSubdirectory("quantized").FullName;

    /// <summary>The same in singles.</summary>
    public string PlainFolder => _root.CreateSubdirectory("plain").FullName;

    /// <summary>Tensors of the quantised checkpoint; may be changed before they are written.</summary>
    public List<Stored> Tensors => _quantized;

    /// <summary>A path for a file beside the checkpoints.</summary>
    public string File(string name) => Path.Combine(_root.FullName, name);

    /// <summary>Hidden states that the layer may be given.</summary>
    public float[] Hidden(int tokens) => _random.Normal(tokens * HiddenSize);

    /// <summary>Changes a tensor of the quantised checkpoint.</summary>
    public void Change(string name, Func<Stored, Stored> change)
    {
        var index = _quantized.FindIndex(tensor => tensor.Name == Prefix + name);
        _quantized[index] = change(_quantized[index]);
    }

    /// <summary>Writes both checkpoints.</summary>
    public QuantizedCheckpoint Write()
    {
        System.IO.File.WriteAllText(Path.Combine(Folder, "config.json"), Config);
        System.IO.File.WriteAllText(Path.Combine(PlainFolder, "config.json"), Config.Replace("\"quantization_config\"", "\"ignored\"", StringComparison.Ordinal));
        Write(Path.Combine(Folder, "model.safetensors"), _quantized);
        Write(Path.Combine(PlainFolder, "model.safetensors"), _plain);
        return this;
    }

    /// <summary>The layer's output, computed in double precision from the weights in single precision.</summary>
    public float[] Reference(float[] hidden)
    {
        using var checkpoint = SafetensorsCheckpoint.Open(PlainFolder);
        var layer = new ReferenceMoeLayer(MoeLayerTensors.Load(checkpoint, MoeModelConfig.Load(PlainFolder), 0));
        return [.. hidden.Chunk(HiddenSize).SelectMany(token => layer.Forward(Array.ConvertAll(token, value => (double)value)).Output).Select(value => (float)value)];
    }

    public void Dispose() => _root.Delete(recursive: true);

    public static void Write(string path, IReadOnlyCollection<Stored> tensors)
    {
        using var writer = new SafetensorsWriter(path, tensors.Select(tensor => new SafetensorsTensorInfo(tensor.Name, tensor.DType, tensor.Shape)));
        foreach (var tensor in tensors) writer.Write<byte>(tensor.Name, tensor.Bytes);
        writer.Commit();
    }

    private static string ConfigOf(string family, StoredForm form)
    {
        var sizes = $"\"model_type\":\"{family}\",\"hidden_size\":{HiddenSize},\"num_hidden_layers\":1,\"num_experts_per_tok\":{TopK},\"hidden_act\":\"silu\"";
        var experts = family == "deepseek_v3"
            ? $"\"n_routed_experts\":{Experts},\"moe_intermediate_size\":{IntermediateSize},\"n_shared_experts\":2,\"n_group\":1,\"topk_group\":1,\"first_k_dense_replace\":0"
            : $"\"num_local_experts\":{Experts},\"intermediate_size\":{IntermediateSize}";
        static string Weights(int bits, string type, string more) =>
            $$$"""{"quant_method":"compressed-tensors","config_groups":{"group_0":{"targets":["Linear"],"weights":{"num_bits":{{{bits}}},"type":"{{{type}}}","symmetric":true,{{{more}}} } } } }""";
        var quantization = form switch
        {
            StoredForm.Fp8Block => """{"quant_method":"fp8","fmt":"e4m3","activation_scheme":"dynamic","weight_block_size":[128,128]}""",
            StoredForm.Fp8Channel => Weights(8, "float", "\"strategy\":\"channel\""),
            StoredForm.Fp8Tensor => """{"quant_method":"modelopt","quant_algo":"FP8","ignore":["lm_head"]}""",
            StoredForm.Int8Channel => Weights(8, "int", "\"strategy\":\"channel\""),
            StoredForm.Int4Group => Weights(4, "int", "\"strategy\":\"group\",\"group_size\":32"),
            StoredForm.Int4ZeroPoints => Weights(4, "int", "\"strategy\":\"group\",\"group_size\":32").Replace("\"symmetric\":true", "\"symmetric\":false", StringComparison.Ordinal),
            StoredForm.Int4Channel => Weights(4, "int", "\"strategy\":\"channel\"").Replace("\"symmetric\":true", "\"symmetric\":false", StringComparison.Ordinal),
            StoredForm.Mxfp4 => """{"quant_method":"mxfp4","modules_to_not_convert":["lm_head"]}""",
            _ => "null",
        };
        return $"{{{sizes},{experts},\"quantization_config\":{quantization}}}";
    }

    private void AddMlp(string prefix, StoredForm form, int intermediate)
    {
        AddMatrix($"{prefix}gate_proj", form, intermediate, HiddenSize);
        AddMatrix($"{prefix}up_proj", form, intermediate, HiddenSize);
        AddMatrix($"{prefix}down_proj", form, HiddenSize, intermediate);
    }

    private void AddMatrix(string module, StoredForm form, int rows, int columns)
    {
        if (form == StoredForm.BFloat16)
        {
            AddNumbers($"{module}.weight", [rows, columns], _random.Normal(rows * columns, Size(columns, 1)));
            return;
        }

        var (height, width) = form switch
        {
            StoredForm.Fp8Block => (BlockSize, BlockSize),
            StoredForm.Fp8Tensor => (rows, columns),
            StoredForm.Int4Group or StoredForm.Int4ZeroPoints => (1, 32),
            _ => (1, columns),
        };
        long[] grid = [(rows + height - 1) / height, (columns + width - 1) / width];
        var typical = form switch { StoredForm.Int8Channel => 74f, _ when IsInt4(form) => 4.6f, _ => 120f };
        var scales = Scales((int)(grid[0] * grid[1]), Size(columns, typical));
        var zeroPoints = Enumerable.Range(0, scales.Length).Select(_ => form == StoredForm.Int4Group ? 8 : IsInt4(form) ? _random.Int(6, 9) : 0).ToArray();
        var numbers = new byte[rows * columns];
        var weights = new float[rows * columns];
        for (var i = 0; i < weights.Length; i++)
        {
            var (byteValue, number) = Number(form);
            numbers[i] = byteValue;
            var cell = ((i / columns / height) * (int)grid[1]) + (i % columns / width);
            weights[i] = (number - zeroPoints[cell]) * scales[cell];
        }

        var suffix = form == StoredForm.Fp8Block ? "weight_scale_inv" : "weight_scale";
        if (form is StoredForm.Int4ZeroPoints or StoredForm.Int4Channel) _quantized.Add(new Stored($"{module}.weight_zero_point", SafetensorsDType.Int32, [rows / 8, grid[1]], PackedRows(zeroPoints, (int)grid[1])));
        _quantized.Add(IsInt4(form)
            ? new Stored($"{module}.weight_packed", SafetensorsDType.Int32, [rows, columns / 8], Pairs(numbers))
            : new Stored($"{module}.weight", form == StoredForm.Int8Channel ? SafetensorsDType.Int8 : SafetensorsDType.Float8E4M3, [rows, columns], numbers));
        _quantized.Add(form is StoredForm.Fp8Block or StoredForm.Fp8Tensor
            ? new Stored($"{module}.{suffix}", SafetensorsDType.Float32, form == StoredForm.Fp8Tensor ? [] : grid, Bytes(scales))
            : new Stored($"{module}.{suffix}", SafetensorsDType.BFloat16, grid, Bytes(Array.ConvertAll(scales, scale => (BFloat16)scale))));
        _plain.Add(new Stored($"{module}.weight", SafetensorsDType.Float32, [rows, columns], Bytes(weights)));
    }

    /// <summary>Outputs before inputs in MXFP4, inputs before outputs in singles.</summary>
    private void AddMxfp4(string name, int rows, int columns)
    {
        float[] numbers = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6];
        var codes = new byte[Experts * rows * columns];
        var scales = new byte[codes.Length / 32];
        for (var i = 0; i < codes.Length; i++) codes[i] = (byte)_random.Int(0, 15);
        for (var i = 0; i < scales.Length; i++) scales[i] = (byte)_random.Int(119, 123);
        var weights = new float[codes.Length];
        for (var i = 0; i < codes.Length; i++)
        {
            var (expert, row, column) = (i / columns / rows, i / columns % rows, i % columns);
            weights[(((expert * columns) + column) * rows) + row] = numbers[codes[i]] * MathF.Pow(2, scales[i / 32] - 127);
        }

        _quantized.Add(new Stored($"{Prefix}experts.{name}_blocks", SafetensorsDType.UInt8, [Experts, rows, columns / 32, 16], Pairs(codes)));
        _quantized.Add(new Stored($"{Prefix}experts.{name}_scales", SafetensorsDType.UInt8, [Experts, rows, columns / 32], scales));
        _plain.Add(new Stored($"{Prefix}experts.{name}", SafetensorsDType.Float32, [Experts, columns, rows], Bytes(weights)));
    }

    /// <summary>bf16 numbers, alike in both checkpoints.</summary>
    private void AddNumbers(string name, long[] shape, float[] values)
    {
        var rounded = Array.ConvertAll(values, value => (BFloat16)value);
        _quantized.Add(new Stored(name, SafetensorsDType.BFloat16, shape, Bytes(rounded)));
        _plain.Add(new Stored(name, SafetensorsDType.Float32, shape, Bytes(Array.ConvertAll(rounded, value => (float)value))));
    }

    private static bool IsInt4(StoredForm form) => form is StoredForm.Int4Group or StoredForm.Int4ZeroPoints or StoredForm.Int4Channel;

    /// <summary>A random stored number, and what it stands for without its scale.</summary>
    private (byte Bits, float Number) Number(StoredForm form)
    {
        if (IsInt4(form))
        {
            var code = _random.Int(0, 15);
            return ((byte)code, code);
        }

        var bits = (byte)_random.Int(0, 255);
        if (form == StoredForm.Int8Channel) return (bits, (sbyte)bits);
        if ((bits & 0x7F) == 0x7F) bits = 0x7E; // no NaN
        return (bits, new Float8E4M3(bits));
    }

    /// <summary>Scales that make products with variance 1 of hidden states with variance 1, half to one and a half times.</summary>
    private float[] Scales(int count, float size) => [.. Enumerable.Range(0, count).Select(_ => (float)(BFloat16)(size * _random.Float(0.5f, 1.5f)))];

    private static float Size(int columns, float typical) => 1 / (typical * MathF.Sqrt(columns));

    /// <summary>Two numbers of 0 to 15 in a byte, the first in the low half.</summary>
    private static byte[] Pairs(byte[] codes) => [.. codes.Chunk(2).Select(pair => (byte)(pair[0] | (pair[1] << 4)))];

    /// <summary>Numbers [rows, columns] of 0 to 15, those of eight rows in an integer [rows / 8, columns], the first in the lowest bits.</summary>
    private static byte[] PackedRows(int[] numbers, int columns)
    {
        var words = new uint[numbers.Length / 8];
        for (var i = 0; i < numbers.Length; i++) words[(i / columns / 8 * columns) + (i % columns)] |= (uint)numbers[i] << (4 * (i / columns % 8));
        return Bytes(words);
    }

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    /// <summary>A tensor to be written.</summary>
    public sealed record Stored(string Name, SafetensorsDType DType, long[] Shape, byte[] Bytes);
}
