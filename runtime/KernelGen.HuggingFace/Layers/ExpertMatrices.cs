using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace KernelGen.HuggingFace;

/// <summary>Experts of a checkpoint as weights of one type: in place where the file has that type, else converted.</summary>
internal static unsafe class ExpertMatrices
{
    private const int Chunk = 1 << 16; // elements converted at a time

    /// <summary>Loads experts whose tensors have checked shapes.</summary>
    public static ExpertWeights<T> Load<T>(IReadOnlyList<MlpTensors> experts, int hiddenSize, int intermediateSize)
        where T : unmanaged
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(Half) && typeof(T) != typeof(BFloat16)) throw new NotSupportedException($"no expert kernel has weights of type {typeof(T).Name}");
        var converted = HasType<T>(experts[0].Gate.DType) ? null : new NativeMatrices<T>(3L * experts.Count * hiddenSize * intermediateSize);
        try
        {
            nint[] Addresses(Func<MlpTensors, SafetensorsTensor> projection) =>
                [.. experts.Select(projection).Select(tensor => converted is null ? tensor.Address : converted.Add(tensor))];
            return ExpertWeights<T>.FromPointers(
                hiddenSize, intermediateSize, Addresses(mlp => mlp.Gate), Addresses(mlp => mlp.Up), Addresses(mlp => mlp.Down), converted);
        }
        catch
        {
            converted?.Dispose();
            throw;
        }
    }

    /// <summary>Quantises experts whose tensors have checked shapes, and tells the largest difference of a weight.</summary>
    public static (ExpertWeights<T> Weights, float LargestError) Quantize<T>(
        IReadOnlyList<MlpTensors> experts, int hiddenSize, int intermediateSize, WeightQuantization quantization, int groupSize)
        where T : unmanaged
    {
        using var quantizer = new ExpertQuantizer<T>(experts.Count, hiddenSize, intermediateSize, quantization, groupSize);
        var errors = new float[experts.Count];
        Parallel.For(0, experts.Count, expert =>
        {
            var mlp = experts[expert];
            errors[expert] = quantizer.Add(expert, mlp.Gate.ReadSingles(), mlp.Up.ReadSingles(), mlp.Down.ReadSingles());
        });
        return (quantizer.Build(), errors.Max());
    }

    private static bool HasType<T>(SafetensorsDType type) => type switch
    {
        SafetensorsDType.Float32 => typeof(T) == typeof(float),
        SafetensorsDType.Float16 => typeof(T) == typeof(Half),
        SafetensorsDType.BFloat16 => typeof(T) == typeof(BFloat16),
        _ => false,
    };

    private static void Convert<T>(SafetensorsTensor tensor, T* target)
        where T : unmanaged
    {
        var singles = new float[Chunk];
        for (var done = 0L; done < tensor.Info.ElementCount; done += Chunk)
        {
            var part = singles.AsSpan(0, (int)Math.Min(Chunk, tensor.Info.ElementCount - done));
            Widen(tensor, done, part);
            if (typeof(T) == typeof(float)) part.CopyTo(new Span<float>((float*)target + done, part.Length));
            else if (typeof(T) == typeof(Half)) TensorPrimitives.ConvertToHalf(part, new Span<Half>((Half*)target + done, part.Length));
            else for (var i = 0; i < part.Length; i++) ((BFloat16*)target)[done + i] = (BFloat16)part[i];
        }
    }

    private static void Widen(SafetensorsTensor tensor, long first, Span<float> target)
    {
        switch (tensor.DType)
        {
            case SafetensorsDType.Float32:
                new ReadOnlySpan<float>((float*)tensor.Address + first, target.Length).CopyTo(target);
                break;
            case SafetensorsDType.Float16:
                TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>((Half*)tensor.Address + first, target.Length), target);
                break;
            default:
                for (var i = 0; i < target.Length; i++) target[i] = ((BFloat16*)tensor.Address)[first + i];
                break;
        }
    }

    /// <summary>One block of memory for many matrices: more than an array can hold.</summary>
    private sealed class NativeMatrices<T> : IDisposable
        where T : unmanaged
    {
        private const nuint Alignment = 64;

        private T* _start;
        private T* _next;

        public NativeMatrices(long elements) => _start = _next = (T*)NativeMemory.AlignedAlloc(checked((nuint)elements * (nuint)sizeof(T)), Alignment);

        ~NativeMatrices() => Dispose();

        public nint Add(SafetensorsTensor tensor)
        {
            var address = _next;
            Convert(tensor, address);
            _next += tensor.Info.ElementCount;
            return (nint)address;
        }

        public void Dispose()
        {
            NativeMemory.AlignedFree(_start);
            _start = null;
            GC.SuppressFinalize(this);
        }
    }
}
