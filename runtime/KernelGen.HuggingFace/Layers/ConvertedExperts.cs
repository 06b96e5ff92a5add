using System.Numerics.Tensors;

namespace KernelGen.HuggingFace;

/// <summary>Converts experts of a checkpoint to a wider or narrower type without scales, copying them once.</summary>
/// <typeparam name="T"><see cref="float"/>, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
internal static unsafe class ConvertedExperts<T>
    where T : unmanaged
{
    private const int RowsAtATime = 64; // rows converted at a time: a cache line of a transposed matrix holds elements of many of them

    /// <summary>Converts experts whose tensors have been validated.</summary>
    public static ExpertWeights<T> Load(IReadOnlyList<MlpTensors> experts, int hiddenSize, int intermediateSize, ExpertBiases? biases, LoadProgress progress)
    {
        var matrix = (long)hiddenSize * intermediateSize;
        var memory = new NativeBuffer<T>(checked((nint)(3 * experts.Count * matrix)));
        try
        {
            nint[] gate = new nint[experts.Count], up = new nint[experts.Count], down = new nint[experts.Count];
            progress.ForEach(experts.Count, expert =>
            {
                var mlp = experts[expert];
                gate[expert] = Convert(mlp.Gate, memory.Start + (expert * matrix), progress.Cancellation);
                up[expert] = Convert(mlp.Up, memory.Start + ((experts.Count + expert) * matrix), progress.Cancellation);
                down[expert] = Convert(mlp.Down, memory.Start + (((2L * experts.Count) + expert) * matrix), progress.Cancellation);
            });
            return ExpertWeights<T>.FromPointers(hiddenSize, intermediateSize, gate, up, down, memory, biases);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    private static nint Convert(ExpertMatrix matrix, T* target, CancellationToken cancellation)
    {
        var singles = new float[Math.Min(RowsAtATime, matrix.Rows) * matrix.Columns];
        for (var row = 0; row < matrix.Rows; row += RowsAtATime)
        {
            cancellation.ThrowIfCancellationRequested();
            var part = singles.AsSpan(0, Math.Min(RowsAtATime, matrix.Rows - row) * matrix.Columns);
            matrix.ReadRows(row, part);
            var start = target + ((nint)row * matrix.Columns);
            if (typeof(T) == typeof(float)) part.CopyTo(new Span<float>(start, part.Length));
            else if (typeof(T) == typeof(Half)) TensorPrimitives.ConvertToHalf(part, new Span<Half>(start, part.Length));
            else for (var i = 0; i < part.Length; i++) ((BFloat16*)start)[i] = (BFloat16)part[i];
        }

        return (nint)target;
    }
}
