using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>Checks that a stream is usable, and that views are in its accelerator's memory.</summary>
internal static class StreamCheck
{
    /// <summary>Returns the accelerator of a usable stream.</summary>
    /// <exception cref="ArgumentNullException">The stream is null.</exception>
    /// <exception cref="ObjectDisposedException">The stream or its accelerator is disposed.</exception>
    /// <exception cref="NotSupportedException">The loaded ILGPU version was not tested.</exception>
    public static Accelerator Require(AcceleratorStream stream, string argument = "stream")
    {
        IlgpuVersion.Require();
        ArgumentNullException.ThrowIfNull(stream, argument);
        if (stream.Accelerator.IsDisposed)
            throw new ObjectDisposedException(argument, $"the accelerator of {argument}, {stream.Accelerator.Name}, is disposed");
        if (stream.IsDisposed) throw new ObjectDisposedException(argument, $"{argument} is disposed");
        return stream.Accelerator;
    }

    /// <summary>Requires that a view's memory belongs to <paramref name="accelerator"/>. An empty view fits every accelerator.</summary>
    /// <exception cref="ArgumentException">The memory belongs to another accelerator.</exception>
    /// <exception cref="ObjectDisposedException">The memory has been freed.</exception>
    public static void RequireSameAccelerator<TView>(in TView view, string argument, Accelerator accelerator)
        where TView : struct, IArrayView
    {
        if (view.Buffer is not { } buffer) return;
        if (!ReferenceEquals(buffer.Accelerator, accelerator))
            throw new ArgumentException($"{argument} is in memory of {buffer.Accelerator.Name}, but the stream belongs to another accelerator, {accelerator.Name}", argument);
        if (buffer.IsDisposed) throw new ObjectDisposedException(argument, $"the buffer of {argument} is disposed");
    }
}
