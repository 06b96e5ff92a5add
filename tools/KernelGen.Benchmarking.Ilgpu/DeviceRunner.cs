using ILGPU.Runtime;

namespace KernelGen.Benchmarking;

/// <summary>A generated entry point for a stream and views, behind the delegate of the CPU's.</summary>
/// <typeparam name="TKernel">The CPU's delegate.</typeparam>
/// <param name="stream">A stream of the device that is not the default one.</param>
public abstract class DeviceRunner<TKernel>(AcceleratorStream stream) : IDeviceKernel<TKernel>
    where TKernel : Delegate
{
    // Enough that no call finds its inputs in a cache, where they are large enough to matter.
    private const int MaxCalls = 32;
    private const long MaxBytes = 1L << 28;

    /// <inheritdoc/>
    public abstract TKernel Kernel { get; }

    /// <inheritdoc/>
    public double Rounding { get; init; }

    /// <summary>The device.</summary>
    protected Accelerator Accelerator => stream.Accelerator;

    /// <summary>The stream.</summary>
    protected AcceleratorStream Stream => stream;

    /// <inheritdoc/>
    public Timing Time(Action<TKernel, int> call, TimeSpan budget, CancellationToken cancellation)
    {
        var calls = new List<DeviceCall>();
        try
        {
            var staging = Staging(calls.Add);
            for (var bytes = 0L; calls.Count < MaxCalls && bytes < MaxBytes; bytes += calls[^1].Bytes)
            {
                cancellation.ThrowIfCancellationRequested();
                call(staging, calls.Count);
            }

            return DeviceTiming.Of(stream, calls, budget, cancellation);
        }
        finally
        {
            foreach (var staged in calls) staged.Dispose();
        }
    }

    /// <summary>Frees what calls share.</summary>
    public virtual void Dispose()
    {
    }

    /// <summary>A kernel that runs nothing: it copies its arguments to the device and hands over the call.</summary>
    protected abstract TKernel Staging(Action<DeviceCall> add);

    /// <summary>Runs a call and waits for it.</summary>
    protected void Run(DeviceCall call, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        call.Launch(stream);
        stream.Synchronize();
    }
}
