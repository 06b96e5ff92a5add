using System.Runtime.InteropServices;

namespace KernelGen;

/// <content>Layouts that kernels do not read: copied once, into rows.</content>
public sealed unsafe partial class ExpertWeights<T>
{
    /// <summary>Copies fused tensors of any layout; they are not needed afterwards.</summary>
    /// <param name="gateUp">All gate and up projections; the layout says in which shape.</param>
    /// <param name="down">All down projections; the layout says in which shape.</param>
    /// <param name="experts">Number of experts E.</param>
    /// <param name="hiddenSize">Width H of the hidden states.</param>
    /// <param name="intermediateSize">Width I of the intermediate states.</param>
    /// <param name="layout">How the tensors are laid out.</param>
    /// <param name="biases">The experts' biases, if they have any; those of an interleaved checkpoint take turns too, which the biases' constructor undoes.</param>
    /// <exception cref="ArgumentException">A tensor has another number of elements than its shape.</exception>
    public static ExpertWeights<T> Pack(
        ReadOnlySpan<T> gateUp, ReadOnlySpan<T> down, int experts, int hiddenSize, int intermediateSize, ExpertLayout layout, ExpertBiases? biases = null)
    {
        var transposed = layout.HasFlag(ExpertLayout.Transposed);
        RequireLength(gateUp.Length, 2L * experts * intermediateSize * hiddenSize, nameof(gateUp), transposed ? "[E, H, 2I]" : "[E, 2I, H]");
        RequireLength(down.Length, (long)experts * hiddenSize * intermediateSize, nameof(down), transposed ? "[E, I, H]" : "[E, H, I]");
        fixed (T* gateUpStart = gateUp, downStart = down)
            return Pack((nint)gateUpStart, (nint)downStart, experts, hiddenSize, intermediateSize, layout, biases);
    }

    /// <summary>Copies fused tensors of any layout and any size; they are not needed afterwards.</summary>
    /// <param name="gateUp">Address of all gate and up projections.</param>
    /// <param name="down">Address of all down projections.</param>
    /// <inheritdoc cref="Pack(ReadOnlySpan{T}, ReadOnlySpan{T}, int, int, int, ExpertLayout, ExpertBiases?)"/>
    public static ExpertWeights<T> Pack(
        nint gateUp, nint down, int experts, int hiddenSize, int intermediateSize, ExpertLayout layout, ExpertBiases? biases = null)
    {
        if (gateUp == 0 || down == 0) throw new ArgumentException("the tensor has a null address", gateUp == 0 ? nameof(gateUp) : nameof(down));
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hiddenSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(intermediateSize, 1);

        var matrix = (nint)hiddenSize * intermediateSize;
        var copy = new NativeBuffer<T>(3 * experts * matrix);
        var weights = new ExpertWeights<T>(experts, hiddenSize, intermediateSize, gated: true, biases, [copy]);
        weights.SetAddresses(copy.Start, copy.Start + (2 * experts * matrix));

        // Element (row, column) of a projection lies at row · rowStride + column · columnStride.
        var transposed = layout.HasFlag(ExpertLayout.Transposed);
        var interleaved = layout.HasFlag(ExpertLayout.Interleaved);
        nint rowStride = (interleaved ? 2 : 1) * (transposed ? 1 : hiddenSize), columnStride = transposed ? 2 * (nint)intermediateSize : 1;
        nint toUp = interleaved ? rowStride / 2 : intermediateSize * rowStride;
        Parallel.For(0, experts, expert =>
        {
            var source = (T*)gateUp + (2 * expert * matrix);
            CopyRows(source, rowStride, columnStride, intermediateSize, hiddenSize, (T*)weights.Gate[expert]);
            CopyRows(source + toUp, rowStride, columnStride, intermediateSize, hiddenSize, (T*)weights.Up[expert]);
            CopyRows(
                (T*)down + (expert * matrix), transposed ? 1 : intermediateSize, transposed ? hiddenSize : 1, hiddenSize, intermediateSize, (T*)weights.Down[expert]);
        });
        return weights;
    }

    /// <summary>Makes a row-major matrix [rows, columns]; a few rows at a time, so that a cache line of the source serves them all.</summary>
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
