namespace KernelGen.HuggingFace;

/// <summary>Finds the matrices of MLPs, as separate tensors or as parts of tensors that hold all experts.</summary>
internal sealed class ExpertFinder(TensorFinder tensors)
{
    private const int MxBlock = 32; // weights that share a scale
    private const int MxBlockBytes = MxBlock / 2;

    private readonly MatrixFinder _matrices = new(tensors);

    private MoeModelConfig Config => tensors.Config;

    /// <summary>All routed experts of a layer.</summary>
    /// <param name="prefix">The layer's prefix, up to and including <c>experts.</c></param>
    public MlpTensors[] Routed(string prefix)
    {
        var names = Config.TensorNames;
        var first = $"{prefix}0.{names.Gate}.weight";
        var isFused = names.FusedLayout is not null && !tensors.Has(first) && !tensors.Has($"{first}_packed"); // quantisers split fused experts
        var experts = !isFused ? Enumerable.Range(0, Config.Experts).Select(e => Mlp($"{prefix}{e}.", names.Gate, names.Up, names.Down, Config.IntermediateSize)).ToArray()
            : tensors.Has($"{prefix}gate_up_proj_blocks") ? Microscaled(prefix)
            : Fused(prefix, names.FusedLayout!.Value);
        RequireAlike(experts);
        return experts;
    }

    /// <summary>The shared experts of a layer.</summary>
    public MlpTensors Shared(string prefix)
    {
        var mlp = Mlp(prefix, "gate_proj", "up_proj", "down_proj", Config.SharedIntermediateSize);
        RequireAlike([mlp]);
        return mlp;
    }

    private MlpTensors Mlp(string prefix, string gate, string up, string down, int intermediate) => new(
        _matrices.Find(prefix + gate, intermediate, Config.HiddenSize),
        _matrices.Find(prefix + up, intermediate, Config.HiddenSize),
        _matrices.Find(prefix + down, Config.HiddenSize, intermediate));

    /// <summary>gate_up_proj [E, H, 2I] and down_proj [E, I, H], input-major; gate and up columns consecutive or interleaved.</summary>
    private MlpTensors[] Fused(string prefix, ExpertLayout layout)
    {
        int h = Config.HiddenSize, i = Config.IntermediateSize;
        var gateUp = tensors.Plain($"{prefix}gate_up_proj", Config.Experts, h, 2L * i);
        var down = tensors.Plain($"{prefix}down_proj", Config.Experts, i, h);
        WeightEncoding gateUpEncoding = Encoding(gateUp), downEncoding = Encoding(down);
        var interleaved = layout.HasFlag(ExpertLayout.Interleaved);
        ExpertMatrix GateUp(long expert, long column) => new(
            gateUp, gateUpEncoding, (expert * h * 2 * i) + column, i, h, rowStride: interleaved ? 2 : 1, columnStride: 2L * i);
        return
        [
            .. Enumerable.Range(0, Config.Experts).Select(e => new MlpTensors(
                GateUp(e, 0), GateUp(e, interleaved ? 1 : i), new ExpertMatrix(down, downEncoding, (long)e * i * h, h, i, rowStride: 1, columnStride: h))),
        ];
    }

    /// <summary>
    /// MXFP4 as gpt-oss publishes it, output-major: <c>_blocks</c> U8 [E, rows, K / 32, 16], the even column of a pair in the low half of a
    /// byte, and <c>_scales</c> U8 [E, rows, K / 32], powers of two; gate and up rows are interleaved. Layout after gpt_oss/torch/weights.py of
    /// openai/gpt-oss and integrations/mxfp4.py of transformers; number formats after the OCP Microscaling Formats specification v1.0.
    /// </summary>
    private MlpTensors[] Microscaled(string prefix)
    {
        int e = Config.Experts, h = Config.HiddenSize, i = Config.IntermediateSize;
        var gateUp = tensors.OfType($"{prefix}gate_up_proj_blocks", SafetensorsDType.UInt8, e, 2L * i, Blocks("hidden_size", h), MxBlockBytes);
        var gateUpScales = tensors.OfType($"{prefix}gate_up_proj_scales", SafetensorsDType.UInt8, e, 2L * i, h / MxBlock);
        var down = tensors.OfType($"{prefix}down_proj_blocks", SafetensorsDType.UInt8, e, h, Blocks("intermediate_size", i), MxBlockBytes);
        var downScales = tensors.OfType($"{prefix}down_proj_scales", SafetensorsDType.UInt8, e, h, i / MxBlock);
        ExpertMatrix GateUp(long expert, int parity) => Matrix(gateUp, gateUpScales, (expert * 2 * i) + parity, i, h, turns: 2);
        return [.. Enumerable.Range(0, e).Select(expert => new MlpTensors(GateUp(expert, 0), GateUp(expert, 1), Matrix(down, downScales, (long)expert * h, h, i, turns: 1)))];

        static ExpertMatrix Matrix(SafetensorsTensor blocks, SafetensorsTensor scales, long firstRow, int rows, int columns, int turns)
        {
            long groups = columns / MxBlock;
            return new ExpertMatrix(
                blocks, WeightEncoding.Float4E2M1, firstRow * columns, rows, columns, (long)turns * columns, 1, MatrixScales.PerGroup(scales, MxBlock, firstRow * groups, turns * groups));
        }
    }

    private long Blocks(string key, int width) => width % MxBlock == 0
        ? width / MxBlock
        : throw new ModelConfigException(Config.File, key, $"is {width}; MXFP4 weights require a multiple of {MxBlock}");

    /// <summary>Requires that all experts have the same type and layout, so that one kernel can read them.</summary>
    private static void RequireAlike(IReadOnlyList<MlpTensors> experts)
    {
        var first = experts[0].Gate;
        foreach (var matrix in experts.SelectMany(mlp => new[] { mlp.Gate, mlp.Up, mlp.Down }))
        {
            if (matrix.Encoding == first.Encoding && matrix.Format == first.Format) continue;
            throw matrix.Tensor.Unusable($"is {Text(matrix)}, but {SafetensorsException.Quote(first.Tensor.Name)} is {Text(first)}; all must be alike");
        }

        static string Text(ExpertMatrix matrix) => matrix.Scales is { } scales
            ? $"{matrix.Tensor.Info.DTypeName} with scales {scales.Tensor.Info.ShapeText}"
            : matrix.Tensor.Info.DTypeName;
    }

    private static WeightEncoding Encoding(SafetensorsTensor plain) => plain.DType switch
    {
        SafetensorsDType.Float32 => WeightEncoding.Float32,
        SafetensorsDType.Float16 => WeightEncoding.Float16,
        _ => WeightEncoding.BFloat16,
    };
}
