namespace KernelGen.HuggingFace;

/// <summary>
/// A matrix of an expert in the checkpoint: a separate tensor, or a part of a tensor that holds all experts, in which
/// it may be transposed and interleaved with another matrix. Its weights may be quantised.
/// </summary>
public sealed class ExpertMatrix
{
    private const int GroupUnit = 32; // kernels support groups that are a multiple of this

    private readonly long _first;
    private readonly long _rowStride;
    private readonly long _columnStride;

    /// <summary>A whole tensor, row-major.</summary>
    internal ExpertMatrix(SafetensorsTensor tensor, WeightEncoding encoding, int rows, int columns, MatrixScales? scales = null)
        : this(tensor, encoding, 0, rows, columns, columns, 1, scales)
    {
    }

    /// <summary>A part of a tensor; the index of its first element and the strides count weights. Only whole rows can have scales.</summary>
    internal ExpertMatrix(
        SafetensorsTensor tensor, WeightEncoding encoding, long first, int rows, int columns, long rowStride, long columnStride, MatrixScales? scales = null)
    {
        (Tensor, Encoding, Rows, Columns, Scales) = (tensor, encoding, rows, columns, scales);
        (_first, _rowStride, _columnStride) = (first, rowStride, columnStride);
    }

    /// <summary>The tensor that contains it.</summary>
    public SafetensorsTensor Tensor { get; }

    /// <summary>Number of rows: outputs of the projection.</summary>
    public int Rows { get; }

    /// <summary>Number of columns: inputs of the projection.</summary>
    public int Columns { get; }

    /// <summary>Type of the tensor's elements; integers where they hold several quantised weights.</summary>
    public SafetensorsDType DType => Tensor.DType;

    /// <summary>
    /// What a kernel reads these weights as: exactly, save for scales that no kernel knows, where weights are multiplied and rounded to a single.
    /// </summary>
    public ExpertFormat Format => Encoding switch
    {
        WeightEncoding.Float32 => ExpertFormat.Single,
        WeightEncoding.Float16 => new(KernelGen.DType.Float16),
        WeightEncoding.BFloat16 or WeightEncoding.Float4E2M1 => new(KernelGen.DType.BFloat16), // two mantissa bits times a power of two
        WeightEncoding.Float8E4M3 when Scales!.Quantization is WeightQuantization.Tensor or WeightQuantization.Channel or WeightQuantization.Block128 =>
            new(KernelGen.DType.Float8E4M3, Scales.Quantization),
        WeightEncoding.Int8 when Scales!.Quantization is WeightQuantization.Tensor or WeightQuantization.Channel =>
            new(KernelGen.DType.Int8, WeightQuantization.Channel),
        WeightEncoding.Int8 when Scales!.Quantization == WeightQuantization.Group && Scales.ColumnsPerScale % GroupUnit == 0 =>
            new(KernelGen.DType.Int8, WeightQuantization.Group, Scales.ColumnsPerScale),
        WeightEncoding.Int4 when Scales!.Quantization == WeightQuantization.Group && Scales.ColumnsPerScale % GroupUnit == 0 =>
            new(KernelGen.DType.Int4, WeightQuantization.Group, Scales.ColumnsPerScale, Scales.ZeroPoints is not null),
        _ => ExpertFormat.Single,
    };

    /// <summary>Whether the elements are contiguous row by row, so that a kernel can read them in place.</summary>
    public bool IsRowMajor => _columnStride == 1 && _rowStride == Columns;

    /// <summary>Address of the first element, valid until the file is disposed.</summary>
    public nint Address => Tensor.Address + (nint)(_first * Encoding.Bits() / 8);

    internal WeightEncoding Encoding { get; }

    /// <summary>Scales of quantised weights, otherwise null.</summary>
    internal MatrixScales? Scales { get; }

    /// <summary>Whether a kernel for <see cref="Format"/> can read the weights in place.</summary>
    internal bool IsInPlace => IsRowMajor && Encoding != WeightEncoding.Float4E2M1 && (Scales is null || Format != ExpertFormat.Single);

    /// <summary>Reads rows as fp32: widened exactly, or (number − zero point) · scale.</summary>
    /// <param name="firstRow">Index of the first row.</param>
    /// <param name="target">Receives whole rows, one after another.</param>
    public void ReadRows(int firstRow, Span<float> target)
    {
        var rows = target.Length / Columns;
        if (_columnStride == 1)
        {
            for (var row = 0; row < rows; row++) ReadRow(firstRow + row, target.Slice(row * Columns, Columns));
            return;
        }

        // Columns are far apart and rows close together: one run of elements contains a column of all the rows.
        var run = new float[checked((int)((rows - 1) * _rowStride)) + 1];
        for (var column = 0; column < Columns; column++)
        {
            Encoding.Read(Tensor.Address, _first + (firstRow * _rowStride) + (column * _columnStride), run, 1, 0);
            for (var row = 0; row < rows; row++) target[(row * Columns) + column] = run[row * (int)_rowStride];
        }
    }

    /// <summary>Reads all rows as fp32.</summary>
    /// <exception cref="SafetensorsException">There are more than an array can hold.</exception>
    public float[] ReadSingles()
    {
        if ((long)Rows * Columns > Array.MaxLength) throw Tensor.Unusable($"has {(long)Rows * Columns} weights an expert; expected at most {Array.MaxLength}");
        var values = new float[Rows * Columns];
        ReadRows(0, values);
        return values;
    }

    private void ReadRow(int row, Span<float> target)
    {
        var first = _first + (row * _rowStride);
        var width = Scales is null ? Columns : Math.Min(Scales.ColumnsPerScale, Columns);
        for (var column = 0; column < Columns; column += width)
        {
            var run = target.Slice(column, Math.Min(width, Columns - column));
            Encoding.Read(Tensor.Address, first + column, run, Scales?.At(row, column) ?? 1, Scales?.ZeroPointAt(row, column) ?? 0);
        }
    }
}
