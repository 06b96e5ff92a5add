using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>
/// Device memory for kernels' intermediate results. Each stream has its own pool: work on a stream runs in order, so the next
/// call can use what the previous one has returned without waiting for the device.
/// </summary>
internal sealed class WorkspacePool
{
    private const long Granule = 1 << 16;

    private static readonly ConditionalWeakTable<AcceleratorStream, WorkspacePool> Pools = new();

    private readonly Accelerator _accelerator;
    private readonly List<DeviceWorkspace> _free = [];
    private CapturedWorkspaces? _capture;

    private WorkspacePool(AcceleratorStream stream) => _accelerator = stream.Accelerator;

    /// <summary>The pool of a stream.</summary>
    public static WorkspacePool Of(AcceleratorStream stream) => Pools.GetValue(stream, static stream => new WorkspacePool(stream));

    /// <summary>Rents a workspace, to be disposed once everything that uses it has been launched. Its content is undefined.</summary>
    /// <param name="bytes">Minimum size in bytes.</param>
    /// <param name="what">The requesting variant, for the message.</param>
    /// <exception cref="DeviceOutOfMemoryException">The device is out of memory.</exception>
    public DeviceWorkspace Rent(long bytes, string what)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        var size = Math.Max((bytes + Granule - 1) / Granule, 1) * Granule;
        lock (_free)
        {
            var free = _capture?.Free ?? _free;
            var best = -1;
            for (var i = 0; i < free.Count; i++)
            {
                if (free[i].Bytes >= size && (best < 0 || free[i].Bytes < free[best].Bytes)) best = i;
            }

            if (best < 0) return Allocate(size, what);
            var workspace = free[best];
            free.RemoveAt(best);
            return workspace;
        }
    }

    /// <summary>Starts a capture: until it ends, it owns the workspaces that are rented.</summary>
    public CapturedWorkspaces BeginCapture()
    {
        lock (_free)
        {
            if (_capture is not null) throw new InvalidOperationException("the stream is already being captured");
            return _capture = new CapturedWorkspaces(this);
        }
    }

    internal void EndCapture()
    {
        lock (_free) _capture = null;
    }

    internal void Return(DeviceWorkspace workspace)
    {
        lock (_free) (workspace.Capture?.Free ?? _free).Add(workspace);
    }

    /// <summary>Returns the workspaces of a capture to the pool.</summary>
    internal void TakeBack(List<DeviceWorkspace> workspaces)
    {
        lock (_free)
        {
            foreach (var workspace in workspaces) workspace.Capture = null;
            _free.AddRange(workspaces);
            workspaces.Clear();
        }
    }

    private DeviceWorkspace Allocate(long size, string what)
    {
        try
        {
            return NewWorkspace(size);
        }
        catch (Exception error) when (IsOutOfMemory(error))
        {
            // Freeing the stream's pooled memory may suffice; the device must first be done with it.
            if (_capture is not null || _free.Count == 0) throw new DeviceOutOfMemoryException(what, size, _accelerator.Name, error);
            _accelerator.Synchronize();
            foreach (var workspace in _free) workspace.Free();
            _free.Clear();
        }

        try
        {
            return NewWorkspace(size);
        }
        catch (Exception error) when (IsOutOfMemory(error))
        {
            throw new DeviceOutOfMemoryException(what, size, _accelerator.Name, error);
        }
    }

    private DeviceWorkspace NewWorkspace(long size)
    {
        _accelerator.Bind();
        return new DeviceWorkspace(this, _accelerator.AllocateRaw(size, elementSize: 1)) { Capture = _capture };
    }

    internal static bool IsOutOfMemory(Exception error) => error is OutOfMemoryException
        or CudaException { Error: nameof(CudaError.CUDA_ERROR_OUT_OF_MEMORY) }
        or AcceleratorException { AcceleratorType: AcceleratorType.OpenCL };
}

/// <summary>The workspaces of a captured graph, which nothing else may use while the graph can be replayed.</summary>
internal sealed class CapturedWorkspaces(WorkspacePool pool) : IDisposable
{
    /// <summary>Workspaces that no call of the capture holds.</summary>
    public List<DeviceWorkspace> Free { get; } = [];

    /// <summary>Ends the capture; later calls on the stream rent from the pool again.</summary>
    public void EndCapture() => pool.EndCapture();

    /// <summary>Returns the workspaces to the stream's pool.</summary>
    public void Dispose() => pool.TakeBack(Free);
}
