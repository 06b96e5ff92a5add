namespace KernelGen.HuggingFace;

/// <summary>The element types of the safetensors format.</summary>
public enum SafetensorsDType
{
    /// <summary>An unknown type (newer formats pack 4- and 6-bit elements). Its bytes can be read, but not its elements.</summary>
    Unknown,

    /// <summary><c>BOOL</c>: one byte, 0 or 1.</summary>
    Bool,

    /// <summary><c>U8</c>.</summary>
    UInt8,

    /// <summary><c>I8</c>.</summary>
    Int8,

    /// <summary><c>F8_E5M2</c>: 8-bit float with infinities.</summary>
    Float8E5M2,

    /// <summary><c>F8_E4M3</c>: 8-bit float, largest value 448.</summary>
    Float8E4M3,

    /// <summary><c>I16</c>.</summary>
    Int16,

    /// <summary><c>U16</c>.</summary>
    UInt16,

    /// <summary><c>F16</c>: IEEE 754 half precision.</summary>
    Float16,

    /// <summary><c>BF16</c>: bfloat16.</summary>
    BFloat16,

    /// <summary><c>I32</c>.</summary>
    Int32,

    /// <summary><c>U32</c>.</summary>
    UInt32,

    /// <summary><c>F32</c>: IEEE 754 single precision.</summary>
    Float32,

    /// <summary><c>F64</c>: IEEE 754 double precision.</summary>
    Float64,

    /// <summary><c>I64</c>.</summary>
    Int64,

    /// <summary><c>U64</c>.</summary>
    UInt64,
}

/// <summary>Names, sizes and .NET types of the element types.</summary>
internal static class SafetensorsDTypes
{
    public static SafetensorsDType Parse(string text) => text switch
    {
        "BOOL" => SafetensorsDType.Bool,
        "U8" => SafetensorsDType.UInt8,
        "I8" => SafetensorsDType.Int8,
        "F8_E5M2" => SafetensorsDType.Float8E5M2,
        "F8_E4M3" => SafetensorsDType.Float8E4M3,
        "I16" => SafetensorsDType.Int16,
        "U16" => SafetensorsDType.UInt16,
        "F16" => SafetensorsDType.Float16,
        "BF16" => SafetensorsDType.BFloat16,
        "I32" => SafetensorsDType.Int32,
        "U32" => SafetensorsDType.UInt32,
        "F32" => SafetensorsDType.Float32,
        "F64" => SafetensorsDType.Float64,
        "I64" => SafetensorsDType.Int64,
        "U64" => SafetensorsDType.UInt64,
        _ => SafetensorsDType.Unknown,
    };

    public static string Text(this SafetensorsDType type) => type switch
    {
        SafetensorsDType.Bool => "BOOL",
        SafetensorsDType.UInt8 => "U8",
        SafetensorsDType.Int8 => "I8",
        SafetensorsDType.Float8E5M2 => "F8_E5M2",
        SafetensorsDType.Float8E4M3 => "F8_E4M3",
        SafetensorsDType.Int16 => "I16",
        SafetensorsDType.UInt16 => "U16",
        SafetensorsDType.Float16 => "F16",
        SafetensorsDType.BFloat16 => "BF16",
        SafetensorsDType.Int32 => "I32",
        SafetensorsDType.UInt32 => "U32",
        SafetensorsDType.Float32 => "F32",
        SafetensorsDType.Float64 => "F64",
        SafetensorsDType.Int64 => "I64",
        SafetensorsDType.UInt64 => "U64",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "has no name in the format"),
    };

    public static int Bytes(this SafetensorsDType type) => type switch
    {
        SafetensorsDType.Bool or SafetensorsDType.UInt8 or SafetensorsDType.Int8
            or SafetensorsDType.Float8E5M2 or SafetensorsDType.Float8E4M3 => 1,
        SafetensorsDType.Int16 or SafetensorsDType.UInt16 or SafetensorsDType.Float16 or SafetensorsDType.BFloat16 => 2,
        SafetensorsDType.Int32 or SafetensorsDType.UInt32 or SafetensorsDType.Float32 => 4,
        SafetensorsDType.Float64 or SafetensorsDType.Int64 or SafetensorsDType.UInt64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "has no known size"),
    };

    /// <summary>Whether elements of this type are values of <typeparamref name="T"/>; <see cref="byte"/> accepts every type as raw bytes.</summary>
    public static bool Holds<T>(this SafetensorsDType type)
        where T : unmanaged
    {
        if (typeof(T) == typeof(byte)) return true;
        return type switch
        {
            SafetensorsDType.Int8 => typeof(T) == typeof(sbyte),
            SafetensorsDType.Float8E4M3 => typeof(T) == typeof(Float8E4M3),
            SafetensorsDType.Int16 => typeof(T) == typeof(short),
            SafetensorsDType.UInt16 => typeof(T) == typeof(ushort),
            SafetensorsDType.Float16 => typeof(T) == typeof(Half),
            SafetensorsDType.BFloat16 => typeof(T) == typeof(BFloat16),
            SafetensorsDType.Int32 => typeof(T) == typeof(int),
            SafetensorsDType.UInt32 => typeof(T) == typeof(uint),
            SafetensorsDType.Float32 => typeof(T) == typeof(float),
            SafetensorsDType.Float64 => typeof(T) == typeof(double),
            SafetensorsDType.Int64 => typeof(T) == typeof(long),
            SafetensorsDType.UInt64 => typeof(T) == typeof(ulong),
            _ => false,
        };
    }
}
