using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace KernelGen.HuggingFace;

/// <summary>Experts of a checkpoint as weights of one type: in place where the file has that type and rows, else copied once.</summary>
internal static unsafe class ExpertMatrices
{
    private const int RowsAtATime = 64; // rows converted at a time: a cache line of an exchanged matrix serves many of them

    /// <summary>Loads experts whose tensors have checked shapes.</summary>
    public static ExpertWeights<T> Load<T>(IReadOnlyList<MlpTensors> experts, int hiddenSize, int intermediateSize, ExpertBiases? biases, CancellationToken cancellation)
        where T : unmanaged
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(Half) && typeof(T) != typeof(BFloat16)) throw new NotSupportedException($"no expert kernel has weights of type {typeof(T).Name}");
        var inPlace = HasType<T>(experts[0].Gate.DType) && experts.All(mlp => mlp.Gate.IsRowMajor && mlp.Up.IsRowMajor && mlp.Down.IsRowMajor);
        var copy = inPlace ? null : new NativeMatrices<T>(3L * experts.Count * hiddenSize * intermediateSize);
        var options = new ParallelOptions { CancellationToken = cancellation };
        try
        {
            nint[] Addresses(Func<MlpTensors, ExpertMatrix> projection, int number)
            {
                if (copy is null) return [.. experts.Select(mlp => projection(mlp).Address)];
                var addresses = new nint[experts.Count];
                var first = (long)number * experts.Count;
                Parallel.For(0, addresses.Length, options, e => addresses[e] = copy.Fill(projection(experts[e]), (first + e) * hiddenSize * intermediateSize));
                return addresses;
            }

            return ExpertWeights<T>.FromPointers(
                hiddenSize, intermediateSize, Addresses(mlp => mlp.Gate, 0), Addresses(mlp => mlp.Up, 1), Addresses(mlp => mlp.Down, 2), copy, biases);
        }
        catch
        {
            copy?.Dispose();
            throw;
        }
    }

    /// <summary>Quantises experts whose tensors have checked shapes, and tells the largest difference of a weight.</summary>
    public static (ExpertWeights<T> Weights, float LargestError) Quantize<T>(
        IReadOnlyList<MlpTensors> experts, int hiddenSize, int intermediateSize, WeightQuantization quantization, int groupSize, ExpertBiases? biases,
        CancellationToken cancellation)
        where T : unmanaged
    {
        using var quantizer = new ExpertQuantizer<T>(experts.Count, hiddenSize, intermediateSize, quantization, groupSize);
        var errors = new float[experts.Count];
        Parallel.For(0, experts.Count, new ParallelOptions { CancellationToken = cancellation }, expert =>
        {
            var mlp = experts[expert];
            errors[expert] = quantizer.Add(expert, mlp.Gate.ReadSingles(), mlp.Up.ReadSingles(), mlp.Down.ReadSingles());
        });
        return (quantizer.Build(biases), errors.Max());
    }

    private static bool HasType<T>(SafetensorsDType type) => type switch
    {
        SafetensorsDType.Float32 => typeof(T) == typeof(float),
        SafetensorsDType.Float16 => typeof(T) == typeof(Half),
        SafetensorsDType.BFloat16 => typeof(T) == typeof(BFloat16),
        _ => false,
    };

    private static void Convert<T>(ExpertMatrix matrix, T* target)
        where T : unmanaged
    {
        var singles = new float[Math.Min(RowsAtATime, matrix.Rows) * matrix.Columns];
        for (var row = 0; row < matrix.Rows; row += RowsAtATime)
        {
            var part = singles.AsSpan(0, Math.Min(RowsAtATime, matrix.Rows - row) * matrix.Columns);
            matrix.ReadRows(row, part);
            var start = target + ((nint)row * matrix.Columns);
            if (typeof(T) == typeof(float)) part.CopyTo(new Span<float>(start, part.Length));
            else if (typeof(T) == typeof(Half)) TensorPrimitives.ConvertToHalf(part, new Span<Half>(start, part.Length));
            else for (var i = 0; i < part.Length; i++) ((BFloat16*)start)[i] = (BFloat16)part[i];
        }
    }

    /// <summary>One block of memory for many matrices: more than an array can hold.</summary>
    private sealed class NativeMatrices<T>(long elements) : IDisposable
        where T : unmanaged
    {
        private const nuint Alignment = 64;

        private T* _start = (T*)NativeMemory.AlignedAlloc(checked((nuint)elements * (nuint)sizeof(T)), Alignment);

        ~NativeMatrices() => Free();

        /// <summary>Copies a matrix, converted, to a place that is counted in elements; returns its address.</summary>
        public nint Fill(ExpertMatrix matrix, long place)
        {
            Convert(matrix, _start + place);
            return (nint)(_start + place);
        }

        public void Dispose()
        {
            Free();
            GC.SuppressFinalize(this);
        }

        private void Free()
        {
            NativeMemory.AlignedFree(_start);
            _start = null;
        }
    }
}
