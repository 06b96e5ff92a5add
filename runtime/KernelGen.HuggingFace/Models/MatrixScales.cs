namespace KernelGen.HuggingFace;

/// <summary>The scales of one matrix in the checkpoint: one per cell of a grid over its rows and columns.</summary>
internal sealed unsafe class MatrixScales
{
    /// <summary>The number that represents 0 among 4-bit numbers without zero points.</summary>
    public const int MiddleOfInt4 = 8;

    private const int ZeroPointsPerInt32 = 8;

    private readonly long _first;
    private readonly long _rowStride;

    private MatrixScales(SafetensorsTensor tensor, WeightQuantization quantization, int rowsPerScale, int columnsPerScale, long first, long rowStride) =>
        (Tensor, Quantization, RowsPerScale, ColumnsPerScale, _first, _rowStride) = (tensor, quantization, rowsPerScale, columnsPerScale, first, rowStride);

    public SafetensorsTensor Tensor { get; }

    /// <summary>The grid as kernels know it; <see cref="WeightQuantization.None"/> if no kernel supports it.</summary>
    public WeightQuantization Quantization { get; }

    /// <summary>
    /// Zero points of 4-bit numbers, I32 [rows / 8, groups]: the lowest four bits of an integer belong to the first of eight rows. Null if there are none.
    /// </summary>
    public SafetensorsTensor? ZeroPoints { get; private init; }

    public int RowsPerScale { get; }

    public int ColumnsPerScale { get; }

    /// <summary>One scale per matrix.</summary>
    public static MatrixScales PerTensor(SafetensorsTensor tensor) => new(tensor, WeightQuantization.Tensor, int.MaxValue, int.MaxValue, 0, 0);

    /// <summary>One scale per row.</summary>
    public static MatrixScales PerChannel(SafetensorsTensor tensor) => new(tensor, WeightQuantization.Channel, 1, int.MaxValue, 0, 1);

    /// <summary>One scale per block; the last ones may be smaller.</summary>
    public static MatrixScales PerBlock(SafetensorsTensor tensor, int rows, int columns) =>
        new(tensor, (rows, columns) == (128, 128) ? WeightQuantization.Block128 : WeightQuantization.None, rows, columns, 0, tensor.Shape[1]);

    /// <summary>One scale per group of consecutive weights of a row, in a tensor that may hold other matrices too.</summary>
    public static MatrixScales PerGroup(SafetensorsTensor tensor, int groupSize, long first, long rowStride) =>
        new(tensor, WeightQuantization.Group, 1, groupSize, first, rowStride);

    /// <summary>The same with zero points, or without.</summary>
    public MatrixScales With(SafetensorsTensor? zeroPoints) => new(Tensor, Quantization, RowsPerScale, ColumnsPerScale, _first, _rowStride) { ZeroPoints = zeroPoints };

    /// <summary>The scale of a weight.</summary>
    public float At(int row, int column)
    {
        var index = _first + (row / RowsPerScale * _rowStride) + (column / ColumnsPerScale);
        return Tensor.DType switch
        {
            SafetensorsDType.Float32 => ((float*)Tensor.Address)[index],
            SafetensorsDType.Float16 => (float)((Half*)Tensor.Address)[index],
            SafetensorsDType.BFloat16 => ((BFloat16*)Tensor.Address)[index],
            _ => PowerOfTwo(((byte*)Tensor.Address)[index]),
        };
    }

    /// <summary>The zero point of a weight.</summary>
    public int ZeroPointAt(int row, int column)
    {
        if (ZeroPoints is null) return MiddleOfInt4;
        var words = (uint*)ZeroPoints.Address + (row / ZeroPointsPerInt32 * ZeroPoints.Shape[1]);
        return (int)(words[column / ColumnsPerScale] >> (4 * (row % ZeroPointsPerInt32))) & 0xF;
    }

    // E8M0 of OCP Microscaling Formats (MX) v1.0, section 5.4.1: 2^(bits − 127); NaN if all bits are set.
    private static float PowerOfTwo(byte bits) => bits switch
    {
        0 => BitConverter.UInt32BitsToSingle(0x0040_0000), // 2^-127 is subnormal
        byte.MaxValue => float.NaN,
        _ => BitConverter.UInt32BitsToSingle((uint)bits << 23),
    };
}
