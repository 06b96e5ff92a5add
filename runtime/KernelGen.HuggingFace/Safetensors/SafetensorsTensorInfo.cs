namespace KernelGen.HuggingFace;

/// <summary>The header entry of one tensor.</summary>
public sealed class SafetensorsTensorInfo
{
    private readonly long[] _shape;

    /// <summary>Describes a tensor to be written.</summary>
    /// <param name="name">Any name except <c>__metadata__</c>.</param>
    /// <param name="dtype">A known element type.</param>
    /// <param name="shape">Dimensions, none negative; empty for a scalar.</param>
    /// <exception cref="ArgumentException">The name is reserved, the type unknown, a dimension negative, or the tensor longer than 2⁶³ − 1 bytes.</exception>
    public SafetensorsTensorInfo(string name, SafetensorsDType dtype, ReadOnlySpan<long> shape)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == SafetensorsHeader.MetadataKey) throw new ArgumentException($"the name {name} is reserved for the metadata", nameof(name));
        if (dtype == SafetensorsDType.Unknown || !Enum.IsDefined(dtype)) throw new ArgumentException($"{dtype} cannot be written", nameof(dtype));
        if (!TryCount(shape, out var elements) || elements > long.MaxValue / dtype.Bytes())
            throw new ArgumentException($"{Format(shape)} must have no negative dimension and fewer than 2^63 bytes", nameof(shape));

        Name = name;
        DType = dtype;
        DTypeName = dtype.Text();
        _shape = shape.ToArray();
        ElementCount = elements;
        ByteLength = elements * dtype.Bytes();
    }

    internal SafetensorsTensorInfo(string name, string dtype, long[] shape, long elements, long begin, long end)
    {
        Name = name;
        DType = SafetensorsDTypes.Parse(dtype);
        DTypeName = dtype;
        _shape = shape;
        ElementCount = elements;
        DataOffset = begin;
        ByteLength = end - begin;
    }

    /// <summary>Name of the tensor.</summary>
    public string Name { get; }

    /// <summary>Type of the elements; <see cref="SafetensorsDType.Unknown"/> if <see cref="DTypeName"/> is unknown.</summary>
    public SafetensorsDType DType { get; }

    /// <summary>Type of the elements as the header writes it, for example <c>BF16</c>.</summary>
    public string DTypeName { get; }

    /// <summary>Dimensions, the slowest first; empty for a scalar.</summary>
    public ReadOnlySpan<long> Shape => _shape;

    /// <summary>Product of the dimensions; 1 for a scalar.</summary>
    public long ElementCount { get; }

    /// <summary>Length of the data in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Offset of the data, in bytes after the header.</summary>
    public long DataOffset { get; }

    internal string ShapeText => Format(_shape);

    /// <summary>For example <c>model.norm.weight BF16 [128]</c>.</summary>
    public override string ToString() => $"{Name} {DTypeName} {ShapeText}";

    internal static string Format(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";

    /// <summary>Product of the dimensions; false if one is negative or the product exceeds 63 bits.</summary>
    internal static bool TryCount(ReadOnlySpan<long> shape, out long elements)
    {
        elements = shape.Contains(0) ? 0 : 1;
        foreach (var dimension in shape)
        {
            if (dimension < 0) return false;
            if (elements == 0) continue;
            if (elements > long.MaxValue / dimension) return false;
            elements *= dimension;
        }

        return true;
    }
}
