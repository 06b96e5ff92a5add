using System.Runtime.InteropServices;

namespace KernelGen;

/// <content>Copies layouts that kernels cannot read into row-major matrices.</content>
public sealed unsafe partial class ExpertWeights<T>
{
    /// <summary>Copies fused tensors of any layout; they are not needed afterwards.</summary>
    /// <param name="gateUp">All gate and up projections, in the shape that the layout determines.</param>
    /// <param name="down">All down projections, in the shape that the layout determines.</param>
    /// <param name="experts">Number of experts E.</param>
    /// <param name="hiddenSize">Hidden size H.</param>
    /// <param name="intermediateSize">Intermediate size I.</param>
    /// <param name="layout">The layout of the tensors.</param>
    /// <param name="biases">The biases of the experts, or null. The constructor of <see cref="ExpertBiases"/> can deinterleave them.</param>
    /// <param name="scales">The scales of quantised weights; null otherwise. They are not rearranged: gate rows come before up rows, whatever the layout.</param>
    /// <exception cref="ArgumentException">
    /// A tensor has the wrong number of elements, scales are missing or unexpected for this weight type, or 4-bit weights, which are
    /// stored in pairs, are transposed or have rows of odd length.
    /// </exception>
    public static ExpertWeights<T> Pack(
        ReadOnlySpan<T> gateUp, ReadOnlySpan<T> down, int experts, int hiddenSize, int intermediateSize, ExpertLayout layout, ExpertBiases? biases = null, ExpertScales? scales = null)
    {
        RequireRows(layout);
        if (layout.HasFlag(ExpertLayout.Transposed))
        {
            RequireLength(gateUp.Length, 2L * experts * intermediateSize * hiddenSize, nameof(gateUp), "[E, H, 2I]");
            RequireLength(down.Length, (long)experts * hiddenSize * intermediateSize, nameof(down), "[E, I, H]");
        }
        else
        {
            RequireFused(gateUp.Length, 2L * experts * intermediateSize, hiddenSize, nameof(gateUp), "[E, 2I, H");
            RequireFused(down.Length, (long)experts * hiddenSize, intermediateSize, nameof(down), "[E, H, I");
        }

        fixed (T* gateUpStart = gateUp, downStart = down)
            return Pack((nint)gateUpStart, (nint)downStart, experts, hiddenSize, intermediateSize, layout, biases, scales);
    }

    /// <summary>Copies fused tensors of any layout and size; they are not needed afterwards.</summary>
    /// <param name="gateUp">Address of all gate and up projections.</param>
    /// <param name="down">Address of all down projections.</param>
    /// <inheritdoc cref="Pack(ReadOnlySpan{T}, ReadOnlySpan{T}, int, int, int, ExpertLayout, ExpertBiases?, ExpertScales?)"/>
    public static ExpertWeights<T> Pack(
        nint gateUp, nint down, int experts, int hiddenSize, int intermediateSize, ExpertLayout layout, ExpertBiases? biases = null, ExpertScales? scales = null)
    {
        RequireRows(layout);
        RequireEven(hiddenSize, nameof(hiddenSize));
        RequireEven(intermediateSize, nameof(intermediateSize));
        if (gateUp == 0 || down == 0) throw new ArgumentException("the tensor has a null address", gateUp == 0 ? nameof(gateUp) : nameof(down));
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hiddenSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(intermediateSize, 1);

        int hiddenElements = hiddenSize / WeightsPerElement, intermediateElements = intermediateSize / WeightsPerElement;
        var matrix = (nint)intermediateSize * hiddenElements;
        var copy = new NativeBuffer<T>(3 * experts * matrix);
        var weights = new ExpertWeights<T>(experts, hiddenSize, intermediateSize, gated: true, biases, [copy], scales);
        weights.SetAddresses(copy.Start, copy.Start + (2 * experts * matrix));

        // Element (row, column) of a projection is at row · rowStride + column · columnStride.
        var transposed = layout.HasFlag(ExpertLayout.Transposed);
        var interleaved = layout.HasFlag(ExpertLayout.Interleaved);
        nint rowStride = (interleaved ? 2 : 1) * (transposed ? 1 : hiddenElements), columnStride = transposed ? 2 * (nint)intermediateSize : 1;
        nint toUp = interleaved ? rowStride / 2 : intermediateSize * rowStride;
        Parallel.For(0, experts, expert =>
        {
            var source = (T*)gateUp + (2 * expert * matrix);
            CopyRows(source, rowStride, columnStride, intermediateSize, hiddenElements, (T*)weights.Gate[expert]);
            CopyRows(source + toUp, rowStride, columnStride, intermediateSize, hiddenElements, (T*)weights.Up[expert]);
            CopyRows(
                (T*)down + (expert * matrix), transposed ? 1 : intermediateElements, transposed ? hiddenSize : 1, hiddenSize, intermediateElements, (T*)weights.Down[expert]);
        });
        return weights;
    }

    private static void RequireRows(ExpertLayout layout)
    {
        if (WeightsPerElement == 2 && layout.HasFlag(ExpertLayout.Transposed))
            throw new ArgumentException("4-bit weights are stored in pairs of a row, which a transposed tensor does not have; transpose them before packing them in pairs", nameof(layout));
    }

    /// <summary>Copies to a row-major matrix [rows, columns], a few rows at a time, so that one cache line of the source serves all of them.</summary>
    private static void CopyRows(T* source, nint rowStride, nint columnStride, int rows, int columns, T* target)
    {
        const int RowsAtATime = 64;
        for (var first = 0; first < rows; first += RowsAtATime)
        {
            var end = Math.Min(first + RowsAtATime, rows);
            for (nint column = 0; column < columns; column++)
            {
                for (nint row = first; row < end; row++) target[(row * columns) + column] = source[(row * rowStride) + (column * columnStride)];
            }
        }
    }
}
