using ILGPU;
using ILGPU.Runtime;
using KernelGen.Cpu;

namespace KernelGen.Ilgpu;

/// <summary>Copies experts to a device. Disposing frees what was copied.</summary>
internal sealed unsafe class ExpertUpload(AcceleratorStream stream) : IDisposable
{
    private readonly List<MemoryBuffer> _buffers = [];

    /// <summary>The matrices [E, 2I, H], or [E, I, H], and [E, H, I].</summary>
    public (ArrayView<T> GateUp, ArrayView<T> Down) Weights<T>(in ExpertPointers source)
        where T : unmanaged
    {
        var packing = typeof(T) == typeof(Int4Pair) ? 2 : 1;
        var matrix = (long)source.HiddenSize * source.IntermediateSize / packing;
        var projections = source.Gated ? 2 : 1;
        var gateUp = Allocate<T>(projections * source.Experts * matrix);
        var down = Allocate<T>(source.Experts * matrix);
        for (var expert = 0; expert < source.Experts; expert++)
        {
            Copy((T*)source.Gate[expert], gateUp.SubView(projections * expert * matrix, matrix));
            if (source.Gated) Copy((T*)source.Up[expert], gateUp.SubView(((2 * expert) + 1) * matrix, matrix));
            Copy((T*)source.Down[expert], down.SubView(expert * matrix, matrix));
        }

        return (gateUp, down);
    }

    /// <summary>The biases.</summary>
    public DeviceExpertBiases Biases(ExpertBiases source)
    {
        var gateUp = Allocate<float>((long)source.Experts * source.GateUpWidth);
        var down = Allocate<float>((long)source.Experts * source.DownWidth);
        Copy(source.GateUpAddress, gateUp);
        Copy(source.DownAddress, down);
        return new DeviceExpertBiases(gateUp, down);
    }

    /// <summary>The scales and zero points in the layout of <see cref="DeviceExpertScales"/>.</summary>
    public DeviceExpertScales Scales<T>(in ExpertPointers source, ExpertScales scales)
        where T : unmanaged
    {
        var (h, i) = (source.HiddenSize, source.IntermediateSize);
        ReadOnlySpan<ProjectionScales> first = source.Gated ? [source.GateScales, source.UpScales] : [source.GateScales];
        var (gateUp, gateUpZeros) = Projection<T>(source.Experts, scales, first, i, h);
        var (down, downZeros) = Projection<T>(source.Experts, scales, [source.DownScales], h, i);
        var copy = scales.Quantization switch
        {
            WeightQuantization.Tensor => DeviceExpertScales.PerTensor(gateUp, down),
            WeightQuantization.Channel => DeviceExpertScales.PerChannel(gateUp, down),
            WeightQuantization.Block128 => DeviceExpertScales.PerBlock128(gateUp, down),
            _ when scales.HasZeroPoints => DeviceExpertScales.PerGroup(scales.GroupSize, gateUp, down, gateUpZeros, downZeros),
            _ => DeviceExpertScales.PerGroup(scales.GroupSize, gateUp, down),
        };
        return scales.InputScales is { } inputs ? copy.WithInputScales(inputs.GateUp, inputs.Down) : copy;
    }

    /// <summary>Transfers ownership of what was copied to the caller.</summary>
    public IDisposable[] Release()
    {
        stream.Synchronize();
        IDisposable[] buffers = [.. _buffers];
        _buffers.Clear();
        return buffers;
    }

    public void Dispose()
    {
        foreach (var buffer in _buffers) buffer.Dispose();
    }

    /// <summary>Scales [E, groups, rows of all tables] and zero points; gate and up rows each have a table of <paramref name="rows"/> rows.</summary>
    private (ArrayView<float> Scales, ArrayView<sbyte> ZeroPoints) Projection<T>(int experts, ExpertScales scales, ReadOnlySpan<ProjectionScales> tables, int rows, int columns)
        where T : unmanaged
    {
        var width = WeightRow.ScaleWidth(scales, columns);
        var groups = (columns + width - 1) / width;
        var allRows = tables.Length * rows;
        var count = (long)groups * allRows;
        var deviceScales = Allocate<float>(experts * count);
        var deviceZeros = scales.HasZeroPoints ? Allocate<sbyte>(experts * count) : default;
        var (hostScales, hostZeros) = (new float[count], new sbyte[scales.HasZeroPoints ? count : 0]);
        for (var expert = 0; expert < experts; expert++)
        {
            for (var number = 0; number < tables.Length; number++)
            {
                for (var row = 0; row < rows; row++)
                {
                    for (var group = 0; group < groups; group++)
                    {
                        var place = ((long)group * allRows) + (number * rows) + row;
                        hostScales[place] = WeightRow.Scale(scales, tables[number], expert, row, groups, group);
                        if (scales.HasZeroPoints) hostZeros[place] = WeightRow.ZeroPoint<T>(tables[number], expert, row, groups, group);
                    }
                }
            }

            fixed (float* scale = hostScales) Copy(scale, deviceScales.SubView(expert * count, count));
            fixed (sbyte* zero = hostZeros) if (scales.HasZeroPoints) Copy(zero, deviceZeros.SubView(expert * count, count));
            stream.Synchronize(); // the next expert reuses the buffer
        }

        return (deviceScales, deviceZeros);
    }

    private ArrayView<T> Allocate<T>(long length)
        where T : unmanaged
    {
        try
        {
            stream.Accelerator.Bind();
            var buffer = stream.Accelerator.Allocate1D<T>(length);
            _buffers.Add(buffer);
            return buffer.View;
        }
        catch (Exception error) when (WorkspacePool.IsOutOfMemory(error))
        {
            throw new DeviceOutOfMemoryException("a copy of the experts' weights", checked(length * Interop.SizeOf<T>()), stream.Accelerator.Name, error);
        }
    }

    // Spans are limited to 2³¹ elements.
    private void Copy<T>(T* source, ArrayView<T> target)
        where T : unmanaged
    {
        const int Most = 1 << 28;
        for (var start = 0L; start < target.Length; start += Most)
        {
            var length = (int)Math.Min(Most, target.Length - start);
            target.SubView(start, length).CopyFromCPU(stream, new ReadOnlySpan<T>(source + start, length));
        }
    }
}
