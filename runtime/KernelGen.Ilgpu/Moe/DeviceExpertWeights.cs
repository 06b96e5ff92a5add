using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>The weights of all experts of a layer in a device's memory.</summary>
/// <typeparam name="T">Type of a weight: <see cref="float"/>, <see cref="System.Half"/> or <see cref="BFloat16"/>.</typeparam>
public sealed class DeviceExpertWeights<T> : IDisposable
    where T : unmanaged
{
    private readonly IDisposable[] _owners;
    private bool _disposed;

    private DeviceExpertWeights(ArrayView<T> gateUp, ArrayView<T> down, int experts, int hiddenSize, int intermediateSize, params IDisposable[] owners)
    {
        (GateUp, Down, Experts, HiddenSize, IntermediateSize, _owners) = (gateUp, down, experts, hiddenSize, intermediateSize, owners);
    }

    /// <summary>Number of experts E.</summary>
    public int Experts { get; }

    /// <summary>Width H of the hidden states.</summary>
    public int HiddenSize { get; }

    /// <summary>Width I of the intermediate states.</summary>
    public int IntermediateSize { get; }

    /// <summary>Gate and up projections, [E, 2I, H].</summary>
    internal ArrayView<T> GateUp { get; }

    /// <summary>Down projections, [E, H, I].</summary>
    internal ArrayView<T> Down { get; }

    /// <summary>Uses tensors where they are. The caller keeps their buffers.</summary>
    /// <param name="gateUp">[E, 2I, H], each expert's gate rows before its up rows. Kernels on tensor cores want an address that is a multiple of 16.</param>
    /// <param name="down">[E, H, I].</param>
    /// <param name="experts">Number of experts E.</param>
    /// <param name="hiddenSize">Width H of the hidden states.</param>
    /// <param name="intermediateSize">Width I of the intermediate states.</param>
    /// <exception cref="ArgumentException">A tensor has another number of elements than its shape.</exception>
    public static DeviceExpertWeights<T> FromViews(ArrayView<T> gateUp, ArrayView<T> down, int experts, int hiddenSize, int intermediateSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hiddenSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(intermediateSize, 1);
        RequireLength(gateUp, nameof(gateUp), "[E, 2I, H]", 2L * experts * intermediateSize * hiddenSize);
        RequireLength(down, nameof(down), "[E, H, I]", (long)experts * hiddenSize * intermediateSize);
        return new DeviceExpertWeights<T>(gateUp, down, experts, hiddenSize, intermediateSize);
    }

    /// <summary>Copies weights to a device.</summary>
    /// <param name="stream">A stream of the accelerator; the copy has ended when the method returns.</param>
    /// <param name="weights">Weights with up projections and without scales or biases.</param>
    /// <exception cref="NotSupportedException">The weights have parts that the devices' kernels do not have yet.</exception>
    /// <exception cref="DeviceOutOfMemoryException">The device has no room.</exception>
    public static unsafe DeviceExpertWeights<T> Upload(AcceleratorStream stream, ExpertWeights<T> weights)
    {
        var accelerator = StreamCheck.Require(stream);
        ArgumentNullException.ThrowIfNull(weights);
        var source = weights.Pointers;
        if (!source.Gated || source.Biases is not null || source.Scales is not null)
            throw new NotSupportedException("weights without up projections, with biases or with scales have no kernels for ILGPU's devices yet");
        var (experts, matrix) = (source.Experts, (long)source.HiddenSize * source.IntermediateSize);
        var buffer = Allocate(accelerator, 3 * experts * matrix);
        var gateUp = buffer.View.AsContiguous().SubView(0, 2 * experts * matrix);
        var down = buffer.View.AsContiguous().SubView(2 * experts * matrix, experts * matrix);
        for (var expert = 0; expert < experts; expert++)
        {
            Copy((T*)source.Gate[expert], gateUp.SubView(2 * expert * matrix, matrix), stream);
            Copy((T*)source.Up[expert], gateUp.SubView(((2 * expert) + 1) * matrix, matrix), stream);
            Copy((T*)source.Down[expert], down.SubView(expert * matrix, matrix), stream);
        }

        stream.Synchronize();
        GC.KeepAlive(weights);
        return new DeviceExpertWeights<T>(gateUp, down, experts, source.HiddenSize, source.IntermediateSize, buffer);
    }

    /// <summary>Frees what <see cref="Upload"/> has allocated; views are their owner's.</summary>
    public void Dispose()
    {
        _disposed = true;
        foreach (var owner in _owners) owner.Dispose();
    }

    /// <summary>Requires that the weights lie in an accelerator's memory.</summary>
    internal void Require(Accelerator accelerator, string argument)
    {
        if (_disposed) throw new ObjectDisposedException(argument, $"{argument} are disposed");
        StreamCheck.RequireSameAccelerator(GateUp, argument, accelerator);
        StreamCheck.RequireSameAccelerator(Down, argument, accelerator);
    }

    private static MemoryBuffer1D<T, Stride1D.Dense> Allocate(Accelerator accelerator, long length)
    {
        try
        {
            accelerator.Bind();
            return accelerator.Allocate1D<T>(length);
        }
        catch (Exception error) when (WorkspacePool.IsOutOfMemory(error))
        {
            throw new DeviceOutOfMemoryException("a copy of the experts' weights", checked(length * Interop.SizeOf<T>()), accelerator.Name, error);
        }
    }

    // Spans end at 2³¹ elements.
    private static unsafe void Copy(T* source, ArrayView<T> target, AcceleratorStream stream)
    {
        const int Most = 1 << 28;
        for (var start = 0L; start < target.Length; start += Most)
        {
            var length = (int)Math.Min(Most, target.Length - start);
            target.SubView(start, length).CopyFromCPU(stream, new ReadOnlySpan<T>(source + start, length));
        }
    }

    private static void RequireLength(in ArrayView<T> view, string argument, string shape, long length)
    {
        if (view.Length != length) throw new ArgumentException($"{argument} has {view.Length} elements; expected {shape} = [{length}]", argument);
    }
}
