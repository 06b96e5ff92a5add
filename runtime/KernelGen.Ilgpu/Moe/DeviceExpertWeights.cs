using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>The weights of all experts of a layer in device memory.</summary>
/// <typeparam name="T">
/// Weight type: <see cref="float"/>, <see cref="System.Half"/> or <see cref="BFloat16"/>; with scales, <see cref="Float8E4M3"/>,
/// <see cref="sbyte"/> or <see cref="Int4Pair"/>, which holds two consecutive weights of a row.
/// </typeparam>
public sealed class DeviceExpertWeights<T> : IDisposable
    where T : unmanaged
{
    private readonly IDisposable[] _owners;
    private bool _disposed;

    private DeviceExpertWeights(
        ArrayView<T> gateUp, ArrayView<T> down, (int Experts, int HiddenSize, int IntermediateSize, bool IsGated) shape, DeviceExpertScales? scales, DeviceExpertBiases? biases, IDisposable[] owners)
    {
        (GateUp, Down, Scales, Biases, _owners) = (gateUp, down, scales, biases, owners);
        (Experts, HiddenSize, IntermediateSize, IsGated) = shape;
    }

    /// <summary>Number of experts E.</summary>
    public int Experts { get; }

    /// <summary>Hidden size H.</summary>
    public int HiddenSize { get; }

    /// <summary>Intermediate size I.</summary>
    public int IntermediateSize { get; }

    /// <summary>Whether there are up projections in addition to the gate projections.</summary>
    public bool IsGated { get; }

    /// <summary>Scales of quantised weights; null otherwise.</summary>
    public DeviceExpertScales? Scales { get; }

    /// <summary>The biases of the experts, or null.</summary>
    public DeviceExpertBiases? Biases { get; }

    /// <summary>Gate and up projections, [E, 2I, H], or [E, I, H] without up projections.</summary>
    internal ArrayView<T> GateUp { get; }

    /// <summary>Down projections, [E, H, I].</summary>
    internal ArrayView<T> Down { get; }

    private static int WeightsPerElement => typeof(T) == typeof(Int4Pair) ? 2 : 1;

    /// <summary>Wraps tensors that are already on the device. The caller keeps ownership of their buffers.</summary>
    /// <param name="gateUp">
    /// [E, 2I, H], each expert's gate rows before its up rows; 4-bit weights [E, 2I, H / 2]. It must start at a multiple of 4 bytes within its buffer;
    /// tensor-core kernels require an address that is a multiple of 16.
    /// </param>
    /// <param name="down">[E, H, I]; 4-bit weights [E, H, I / 2].</param>
    /// <param name="experts">Number of experts E.</param>
    /// <param name="hiddenSize">Hidden size H.</param>
    /// <param name="intermediateSize">Intermediate size I.</param>
    /// <param name="scales">Scales of quantised weights; null otherwise.</param>
    /// <param name="biases">The biases of the experts, or null.</param>
    /// <param name="gated">Whether there are up projections; otherwise read I for 2I everywhere.</param>
    /// <exception cref="ArgumentException">
    /// A tensor has the wrong number of elements or is not aligned to four bytes, 4-bit weights have rows of odd length, or scales are missing
    /// or unexpected for this weight type.
    /// </exception>
    public static DeviceExpertWeights<T> FromViews(
        ArrayView<T> gateUp, ArrayView<T> down, int experts, int hiddenSize, int intermediateSize, DeviceExpertScales? scales = null, DeviceExpertBiases? biases = null, bool gated = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hiddenSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(intermediateSize, 1);
        RequireEven(hiddenSize, nameof(hiddenSize));
        RequireEven(intermediateSize, nameof(intermediateSize));
        var rows = (gated ? 2L : 1L) * intermediateSize;
        var (rowsName, half) = (gated ? "2I" : "I", WeightsPerElement == 2 ? " / 2" : "");
        RequireLength(gateUp, nameof(gateUp), $"[E, {rowsName}, H{half}]", experts * rows * hiddenSize / WeightsPerElement);
        RequireLength(down, nameof(down), $"[E, H, I{half}]", (long)experts * hiddenSize * intermediateSize / WeightsPerElement);
        RequireWords(gateUp, nameof(gateUp));
        RequireWords(down, nameof(down));
        ExpertWeights<T>.RequireScales(scales is not null, scales is { HasZeroPoints: true });
        if (scales is not null)
        {
            var isGrouped = scales.Width != 0;
            RequireLength(scales.GateUp, nameof(scales), isGrouped ? $"gateUp [E, ⌈H / {scales.Width}⌉, {rowsName}]" : $"gateUp [E, {rowsName}]", experts * DeviceExpertScales.Count(scales.Width, rows, hiddenSize));
            RequireLength(scales.Down, nameof(scales), isGrouped ? $"down [E, ⌈I / {scales.Width}⌉, H]" : "down [E, H]", experts * DeviceExpertScales.Count(scales.Width, hiddenSize, intermediateSize));
        }

        if (biases is not null)
        {
            RequireLength(biases.GateUp, nameof(biases), $"gateUp [E, {rowsName}]", experts * rows);
            RequireLength(biases.Down, nameof(biases), "down [E, H]", (long)experts * hiddenSize);
        }

        return new DeviceExpertWeights<T>(gateUp, down, (experts, hiddenSize, intermediateSize, gated), scales, biases, []);
    }

    /// <summary>Copies weights with their scales and biases to a device.</summary>
    /// <param name="stream">A stream of the accelerator. The copy has completed when the method returns.</param>
    /// <param name="weights">The weights.</param>
    /// <exception cref="DeviceOutOfMemoryException">The device is out of memory.</exception>
    /// <exception cref="ObjectDisposedException">The weights, the stream or its accelerator is disposed.</exception>
    public static DeviceExpertWeights<T> Upload(AcceleratorStream stream, ExpertWeights<T> weights)
    {
        StreamCheck.Require(stream);
        ArgumentNullException.ThrowIfNull(weights);
        var source = weights.Pointers;
        using var upload = new ExpertUpload(stream);
        var (gateUp, down) = upload.Weights<T>(source);
        var scales = source.Scales is { } ofHost ? upload.Scales<T>(source, ofHost) : null;
        var biases = source.Biases is { } some ? upload.Biases(some) : null;
        var owners = upload.Release();
        GC.KeepAlive(weights);
        return new DeviceExpertWeights<T>(gateUp, down, (source.Experts, source.HiddenSize, source.IntermediateSize, source.Gated), scales, biases, owners);
    }

    /// <summary>Frees what <see cref="Upload"/> allocated. Wrapped views stay with their owner.</summary>
    public void Dispose()
    {
        _disposed = true;
        foreach (var owner in _owners) owner.Dispose();
    }

    /// <summary>Requires that the weights are in an accelerator's memory.</summary>
    internal void Require(Accelerator accelerator, string argument)
    {
        if (_disposed) throw new ObjectDisposedException(argument, $"{argument} are disposed");
        StreamCheck.RequireSameAccelerator(GateUp, argument, accelerator);
        StreamCheck.RequireSameAccelerator(Down, argument, accelerator);
        if (Scales is not null)
        {
            StreamCheck.RequireSameAccelerator(Scales.GateUp, $"{argument}.Scales", accelerator);
            StreamCheck.RequireSameAccelerator(Scales.Down, $"{argument}.Scales", accelerator);
            StreamCheck.RequireSameAccelerator(Scales.GateUpZeroPoints, $"{argument}.Scales", accelerator);
            StreamCheck.RequireSameAccelerator(Scales.DownZeroPoints, $"{argument}.Scales", accelerator);
        }

        if (Biases is not null)
        {
            StreamCheck.RequireSameAccelerator(Biases.GateUp, $"{argument}.Biases", accelerator);
            StreamCheck.RequireSameAccelerator(Biases.Down, $"{argument}.Biases", accelerator);
        }
    }

    private static void RequireEven(int width, string argument)
    {
        if (width % WeightsPerElement != 0) throw new ArgumentException($"{argument} is {width}; 4-bit weights are stored in pairs, so it must be even", argument);
    }

    // Kernels read four bytes at a time.
    private static void RequireWords<TView>(in TView view, string argument)
        where TView : struct, IContiguousArrayView
    {
        if (view.IndexInBytes % sizeof(uint) != 0)
            throw new ArgumentException($"{argument} starts {view.IndexInBytes} bytes into its buffer; expected a multiple of {sizeof(uint)}", argument);
    }

    private static void RequireLength<TElement>(in ArrayView<TElement> view, string argument, string shape, long length)
        where TElement : unmanaged
    {
        if (view.Length != length) throw new ArgumentException($"{argument} has {view.Length} elements; expected {shape} = [{length}]", argument);
    }
}
