using System.Numerics.Tensors;

namespace KernelGen.HuggingFace;

/// <summary>One tensor of an open <see cref="SafetensorsFile"/>: row-major, contiguous, little-endian, at any alignment.</summary>
public sealed unsafe class SafetensorsTensor
{
    internal SafetensorsTensor(SafetensorsFile file, SafetensorsTensorInfo info)
    {
        File = file;
        Info = info;
    }

    /// <summary>The file that contains it and owns its memory.</summary>
    public SafetensorsFile File { get; }

    /// <summary>Name, type, shape and offset.</summary>
    public SafetensorsTensorInfo Info { get; }

    /// <summary>Name of the tensor.</summary>
    public string Name => Info.Name;

    /// <summary>Type of the elements.</summary>
    public SafetensorsDType DType => Info.DType;

    /// <summary>Dimensions, the slowest first; empty for a scalar.</summary>
    public ReadOnlySpan<long> Shape => Info.Shape;

    /// <summary>Address of the data in the mapping, valid until the file is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public nint Address => File.AddressOf(Info);

    /// <summary>The elements in place, valid until the file is disposed.</summary>
    /// <typeparam name="T">
    /// The .NET type of the elements (<see cref="float"/> for F32, <see cref="BFloat16"/> for BF16, …), or <see cref="byte"/> for the raw
    /// bytes of a tensor of any type.
    /// </typeparam>
    /// <exception cref="SafetensorsException">The elements have another type, or are more than a span can hold.</exception>
    public ReadOnlySpan<T> AsSpan<T>()
        where T : unmanaged
    {
        if (!DType.Holds<T>()) throw Unusable($"is {Info.DTypeName}, which cannot be read as {typeof(T).Name}");
        return new ReadOnlySpan<T>((void*)Address, SpanLength(Info.ByteLength / sizeof(T), int.MaxValue));
    }

    /// <summary>Reads all elements as fp32: F32, F16 and BF16 exactly, F64 rounded to nearest.</summary>
    /// <exception cref="SafetensorsException">The elements have another type, or are more than an array can hold.</exception>
    public float[] ReadSingles()
    {
        if (DType is not (SafetensorsDType.Float32 or SafetensorsDType.Float16 or SafetensorsDType.BFloat16 or SafetensorsDType.Float64))
            throw Unusable($"is {Info.DTypeName}; expected F32, F16, BF16 or F64");

        var values = new float[SpanLength(Info.ElementCount, Array.MaxLength)];
        switch (DType)
        {
            case SafetensorsDType.Float32:
                AsSpan<float>().CopyTo(values);
                break;
            case SafetensorsDType.Float16:
                TensorPrimitives.ConvertToSingle(AsSpan<Half>(), values);
                break;
            case SafetensorsDType.BFloat16:
                var halves = AsSpan<BFloat16>();
                for (var i = 0; i < values.Length; i++) values[i] = halves[i];
                break;
            default:
                var doubles = AsSpan<double>();
                for (var i = 0; i < values.Length; i++) values[i] = (float)doubles[i];
                break;
        }

        return values;
    }

    /// <summary>Reads all elements as 32-bit integers: I32, or I64 whose values fit.</summary>
    /// <exception cref="SafetensorsException">The elements have another type, do not fit, or are more than an array can hold.</exception>
    public int[] ReadInt32s()
    {
        if (DType is not (SafetensorsDType.Int32 or SafetensorsDType.Int64)) throw Unusable($"is {Info.DTypeName}; expected I32 or I64");

        var values = new int[SpanLength(Info.ElementCount, Array.MaxLength)];
        if (DType == SafetensorsDType.Int32)
        {
            AsSpan<int>().CopyTo(values);
            return values;
        }

        var wide = AsSpan<long>();
        for (var i = 0; i < values.Length; i++)
        {
            if (wide[i] != (int)wide[i]) throw Unusable($"has {wide[i]} at index {i}, which does not fit in 32 bits");
            values[i] = (int)wide[i];
        }

        return values;
    }

    /// <summary>For example <c>model.norm.weight BF16 [128]</c>.</summary>
    public override string ToString() => Info.ToString();

    internal SafetensorsException Unusable(string problem) => SafetensorsException.InTensor(File.Path, Name, problem);

    private int SpanLength(long elements, int most) => elements <= most
        ? (int)elements
        : throw Unusable($"has {elements} elements; one span or array holds at most {most}. Use {nameof(Address)}");
}
