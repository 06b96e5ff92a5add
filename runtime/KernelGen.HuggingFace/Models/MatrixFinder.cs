namespace KernelGen.HuggingFace;

/// <summary>
/// Finds the weight of a linear module: unquantised, or quantised with scales as in fp8, compressed-tensors, fbgemm and
/// ModelOpt checkpoints. Scales of activations are ignored: activations stay in fp32.
/// </summary>
internal sealed class MatrixFinder(TensorFinder tensors)
{
    private const int WeightsPerInt32 = 8;

    /// <summary>The weight [rows, columns] of a module.</summary>
    public ExpertMatrix Find(string module, int rows, int columns)
    {
        if (!tensors.Has($"{module}.weight") && tensors.Has($"{module}.weight_packed")) return Packed(module, rows, columns);
        var weight = tensors.Shaped($"{module}.weight", [rows, columns]);
        return weight.DType switch
        {
            SafetensorsDType.Float32 => new(weight, WeightEncoding.Float32, rows, columns),
            SafetensorsDType.Float16 => new(weight, WeightEncoding.Float16, rows, columns),
            SafetensorsDType.BFloat16 => new(weight, WeightEncoding.BFloat16, rows, columns),
            SafetensorsDType.Float8E4M3 => new(weight, WeightEncoding.Float8E4M3, rows, columns, Scales(module, weight, rows, columns)),
            SafetensorsDType.Int8 => new(weight, WeightEncoding.Int8, rows, columns, Scales(module, weight, rows, columns)),
            _ => throw weight.Unusable($"is {weight.Info.DTypeName}; expected F32, F16 or BF16, or F8_E4M3 or I8 with scales"),
        };
    }

    /// <summary>
    /// <c>pack-quantized</c> of compressed-tensors: the lowest four bits of an integer hold the first of eight consecutive weights of a row, so its bytes
    /// are pairs in the kernels' layout; 8 represents 0.
    /// </summary>
    private ExpertMatrix Packed(string module, int rows, int columns)
    {
        if (columns % WeightsPerInt32 != 0)
            throw tensors.Any($"{module}.weight_packed").Unusable($"cannot hold rows of {columns}; expected a multiple of {WeightsPerInt32}");
        var weight = tensors.OfType($"{module}.weight_packed", SafetensorsDType.Int32, rows, columns / WeightsPerInt32);
        return new ExpertMatrix(weight, WeightEncoding.Int4, rows, columns, Scales(module, weight, rows, columns));
    }

    private MatrixScales Scales(string module, SafetensorsTensor weight, int rows, int columns)
    {
        // These would permute or scale the activations.
        foreach (var other in new[] { "weight_g_idx", "pre_quant_scale" })
        {
            if (tensors.Has($"{module}.{other}")) throw tensors.Any($"{module}.{other}").Unusable("is not supported: it permutes or scales the activations");
        }

        // fp8 checkpoints call the factor of a stored number "inverse"; it is not a reciprocal.
        string inverse = $"{module}.weight_scale_inv", name = tensors.Has(inverse) ? inverse : $"{module}.weight_scale";
        if (!tensors.Has(name)) throw weight.Unusable($"is {weight.Info.DTypeName} and has no scales: there is neither '{module}.weight_scale' nor '{inverse}'");
        var scales = tensors.Any(name);
        if (!TensorFinder.IsPlain(scales)) throw scales.Unusable($"is {scales.Info.DTypeName}; expected scales of F32, F16 or BF16");
        var zeroPoints = tensors.Has($"{module}.weight_zero_point") ? tensors.Any($"{module}.weight_zero_point") : null;
        return Grid(scales, rows, columns, tensors.Config.Quantization?.Block).With(ZeroPoints(zeroPoints, scales, weight, rows));
    }

    /// <summary>Zero points are packed along the rows, while weights are packed along the columns.</summary>
    private static SafetensorsTensor? ZeroPoints(SafetensorsTensor? zeroPoints, SafetensorsTensor scales, SafetensorsTensor weight, int rows)
    {
        if (zeroPoints is null) return null;
        if (weight.DType != SafetensorsDType.Int32) throw zeroPoints.Unusable("cannot be used; expected zero points of packed 4-bit weights only");
        long[] shape = [rows / WeightsPerInt32, scales.Shape.Length == 2 ? scales.Shape[1] : 1];
        if (zeroPoints.DType == SafetensorsDType.Int32 && rows % WeightsPerInt32 == 0 && zeroPoints.Shape.SequenceEqual(shape)) return zeroPoints;
        throw zeroPoints.Unusable($"is {zeroPoints.Info.DTypeName} {zeroPoints.Info.ShapeText}; expected I32 {SafetensorsTensorInfo.Format(shape)}, and rows in eights");
    }

    /// <summary>The shape determines the grid; only the block size must be configured.</summary>
    private static MatrixScales Grid(SafetensorsTensor scales, int rows, int columns, (int Rows, int Columns)? block)
    {
        var shape = scales.Shape;
        if (block is { } size && shape.SequenceEqual([Blocks(rows, size.Rows), Blocks(columns, size.Columns)])) return MatrixScales.PerBlock(scales, size.Rows, size.Columns);
        if (scales.Info.ElementCount == 1) return MatrixScales.PerTensor(scales);
        if (shape.SequenceEqual([rows]) || shape.SequenceEqual([rows, 1])) return MatrixScales.PerChannel(scales);
        if (block is null && shape.Length == 2 && shape[0] == rows && shape[1] > 0 && columns % shape[1] == 0)
            return MatrixScales.PerGroup(scales, (int)(columns / shape[1]), 0, shape[1]);

        var blocks = block is { } declared
            ? $"[{Blocks(rows, declared.Rows)}, {Blocks(columns, declared.Columns)}] for blocks of {declared.Rows} by {declared.Columns}"
            : $"[{rows}, n] for n groups in a row; scales of blocks need 'weight_block_size' or 'block_structure' in the config";
        throw scales.Unusable($"has the shape {scales.Info.ShapeText}; expected [], [{rows}, 1] or {blocks}");
    }

    private static long Blocks(long count, long size) => (count + size - 1) / size;
}
