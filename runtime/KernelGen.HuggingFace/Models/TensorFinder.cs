namespace KernelGen.HuggingFace;

/// <summary>Finds tensors of a checkpoint and validates their shapes and types.</summary>
internal sealed class TensorFinder(SafetensorsCheckpoint checkpoint, MoeModelConfig config)
{
    public MoeModelConfig Config => config;

    public bool Has(string name) => checkpoint.Contains(name);

    /// <summary>A tensor of floating-point numbers without scales.</summary>
    public SafetensorsTensor Plain(string name, params ReadOnlySpan<long> shape)
    {
        var tensor = Shaped(name, shape);
        if (!IsPlain(tensor)) throw tensor.Unusable($"is {tensor.Info.DTypeName}; expected F32, F16 or BF16");
        return tensor;
    }

    /// <summary>A tensor of one type.</summary>
    public SafetensorsTensor OfType(string name, SafetensorsDType type, params ReadOnlySpan<long> shape)
    {
        var tensor = Shaped(name, shape);
        if (tensor.DType != type) throw tensor.Unusable($"is {tensor.Info.DTypeName}; expected {type.Text()}");
        return tensor;
    }

    /// <summary>A tensor of any shape and type.</summary>
    public SafetensorsTensor Any(string name) => checkpoint.Get(name);

    /// <summary>A tensor of any type.</summary>
    public SafetensorsTensor Shaped(string name, ReadOnlySpan<long> shape)
    {
        var tensor = checkpoint.Get(name);
        if (tensor.Shape.SequenceEqual(shape)) return tensor;
        throw tensor.Unusable($"has the shape {tensor.Info.ShapeText}; expected {SafetensorsTensorInfo.Format(shape)} from {config.File}");
    }

    public static bool IsPlain(SafetensorsTensor tensor) =>
        tensor.DType is SafetensorsDType.Float32 or SafetensorsDType.Float16 or SafetensorsDType.BFloat16;
}
