namespace KernelGen;

/// <summary>The number type of a tensor's elements.</summary>
public enum DType
{
    /// <summary>IEEE 754 single precision.</summary>
    Float32,

    /// <summary>IEEE 754 half precision.</summary>
    Float16,

    /// <summary>bfloat16: the upper half of an IEEE 754 single.</summary>
    BFloat16,

    /// <summary>8-bit float, 4 exponent and 3 mantissa bits, no infinity, largest value 448.</summary>
    Float8E4M3,

    /// <summary>Signed 8-bit integer with a scale.</summary>
    Int8,

    /// <summary>4-bit integer with a scale per group, packed two to a byte.</summary>
    Int4,
}
