using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>The scales of one projection of all experts; their layout is the declared <see cref="WeightQuantization"/>.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct MoeScales
{
    /// <summary>Each expert's scales.</summary>
    public float** Scales;

    /// <summary>Each expert's zero points: bytes for 8-bit weights, pairs of neighbouring rows for 4-bit ones. Null without.</summary>
    public byte** ZeroPoints;

    /// <summary>Number that the first row has in its block of 128, for projections that start within one.</summary>
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

    /// <inheritdoc cref="MoeScales.RowShift"/>
    public int RowShift;

    /// <summary>Puts together what the tables hold for an expert.</summary>
    public static QuantizedMatrix Of(void** weights, in MoeScales scales, int expert) => new()
    {
        Weights = weights[expert],
        Scales = scales.Scales[expert],
        ZeroPoints = scales.ZeroPoints is null ? null : scales.ZeroPoints[expert],
        RowShift = scales.RowShift,
    };
}
