using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>The scales of one projection of all experts. The declared <see cref="WeightQuantization"/> determines their layout.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct ProjectionScales
{
    /// <summary>Each expert's scales.</summary>
    public float** Scales;

    /// <summary>Each expert's zero points: bytes for 8-bit weights, pairs of neighbouring rows for 4-bit weights. Null if there are none.</summary>
    public byte** ZeroPoints;

    /// <summary>Index of the first row within its block of 128, for projections that start inside a block.</summary>
    public int RowShift;
}

/// <summary>One expert's quantised projection.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct QuantizedMatrix
{
    /// <summary>The stored numbers, row-major.</summary>
    public void* Weights;

    /// <summary>The scales.</summary>
    public float* Scales;

    /// <summary>The zero points, or null.</summary>
    public byte* ZeroPoints;

    /// <inheritdoc cref="ProjectionScales.RowShift"/>
    public int RowShift;

    /// <summary>Combines the table entries of an expert.</summary>
    public static QuantizedMatrix Of(void** weights, in ProjectionScales scales, int expert) => new()
    {
        Weights = weights[expert],
        Scales = scales.Scales[expert],
        ZeroPoints = scales.ZeroPoints is null ? null : scales.ZeroPoints[expert],
        RowShift = scales.RowShift,
    };
}
