using System.Numerics.Tensors;

namespace KernelGen.HuggingFace;

/// <summary>
/// A matrix of an expert where it lies in the checkpoint: a tensor of its own, or a part of a tensor that holds all experts, in which
/// rows and columns may be exchanged and may take turns with those of another matrix.
/// </summary>
public sealed unsafe class ExpertMatrix
{
    private readonly long _first;
    private readonly long _rowStride;
    private readonly long _columnStride;

    /// <summary>The whole of a tensor [rows, columns].</summary>
    internal ExpertMatrix(SafetensorsTensor tensor)
        : this(tensor, 0, (int)tensor.Shape[0], (int)tensor.Shape[1], tensor.Shape[1], 1)
    {
    }

    /// <summary>A part of a tensor; the place of its first element and the strides count elements.</summary>
    internal ExpertMatrix(SafetensorsTensor tensor, long first, int rows, int columns, long rowStride, long columnStride) =>
        (Tensor, _first, Rows, Columns, _rowStride, _columnStride) = (tensor, first, rows, columns, rowStride, columnStride);

    /// <summary>The tensor that it is or is part of.</summary>
    public SafetensorsTensor Tensor { get; }

    /// <summary>Number of rows: outputs of the product.</summary>
    public int Rows { get; }

    /// <summary>Number of columns: inputs of the product.</summary>
    public int Columns { get; }

    /// <summary>Type of the elements.</summary>
    public SafetensorsDType DType => Tensor.DType;

    /// <summary>Whether the elements lie row after row without gaps, so that a kernel can read them where they are.</summary>
    public bool IsRowMajor => _columnStride == 1 && _rowStride == Columns;

    /// <summary>Address of the first element, valid until the file is disposed.</summary>
    public nint Address => Tensor.Address + (nint)(_first * Tensor.DType.Bytes());

    /// <summary>Rows as singles, widened exactly.</summary>
    /// <param name="firstRow">Number of the first row.</param>
    /// <param name="target">Receives whole rows, one after the other.</param>
    public void ReadRows(int firstRow, Span<float> target)
    {
        var rows = target.Length / Columns;
        if (IsRowMajor) Widen(_first + (firstRow * _rowStride), target);
        else
        {
            // Columns lie apart, rows near each other: one run of elements has a column of all the rows.
            var run = new float[checked((int)((rows - 1) * _rowStride)) + 1];
            for (var column = 0; column < Columns; column++)
            {
                Widen(_first + (firstRow * _rowStride) + (column * _columnStride), run);
                for (var row = 0; row < rows; row++) target[(row * Columns) + column] = run[row * (int)_rowStride];
            }
        }
    }

    /// <summary>All rows as singles.</summary>
    public float[] ReadSingles()
    {
        var values = new float[checked(Rows * Columns)];
        ReadRows(0, values);
        return values;
    }

    private void Widen(long first, Span<float> target)
    {
        switch (DType)
        {
            case SafetensorsDType.Float32:
                new ReadOnlySpan<float>((float*)Tensor.Address + first, target.Length).CopyTo(target);
                break;
            case SafetensorsDType.Float16:
                TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>((Half*)Tensor.Address + first, target.Length), target);
                break;
            default:
                for (var i = 0; i < target.Length; i++) target[i] = ((BFloat16*)Tensor.Address)[first + i];
                break;
        }
    }
}
