using ILGPU.Runtime;

namespace KernelGen.Benchmarking;

/// <summary>Adapts a generated device entry point to the delegate of the CPU entry point.</summary>
/// <typeparam name="TKernel">The CPU's delegate.</typeparam>
/// <param name="stream">A stream of the device, not the default stream.</param>
public abstract class DeviceRunner<TKernel>(AcceleratorStream stream) : IDeviceKernel<TKernel>
    where TKernel : Delegate
{
    // Enough that no call finds its inputs in a cache, if they are large enough to matter.
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

    /// <summary>Frees what the calls share.</summary>
    public virtual void Dispose()
    {
    }

    /// <summary>A kernel that runs nothing: it copies its arguments to the device and passes the call on.</summary>
    protected abstract TKernel Staging(Action<DeviceCall> add);

    /// <summary>Runs a call and waits for it.</summary>
    protected void Run(DeviceCall call, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        call.Launch(stream);
        stream.Synchronize();
    }
}
