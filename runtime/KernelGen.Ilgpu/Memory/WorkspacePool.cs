using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>
/// Device memory that kernels use among themselves. A stream has a pool of its own: work in a stream runs in order, so what one
/// call has given back the next may use at once, without waiting for the device.
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

    /// <summary>Takes a workspace, to be disposed when everything that uses it has been launched. Its content is arbitrary.</summary>
    /// <param name="bytes">Least size.</param>
    /// <param name="what">The variant that asks, for the message.</param>
    /// <exception cref="DeviceOutOfMemoryException">The device has no room.</exception>
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

    /// <summary>From now on workspaces are a recording's own, until it says otherwise.</summary>
    public CapturedWorkspaces BeginCapture()
    {
        lock (_free)
        {
            if (_capture is not null) throw new InvalidOperationException("the stream is being recorded already");
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

    /// <summary>What a recording no longer needs any call in the stream may use: it was launched before them.</summary>
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
            // What this stream has pooled may be all that is missing; the device must be done with it first.
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

/// <summary>The workspaces of one recorded graph, which nobody else may use while the graph can be replayed.</summary>
internal sealed class CapturedWorkspaces(WorkspacePool pool) : IDisposable
{
    /// <summary>Those that no call of the recording holds.</summary>
    public List<DeviceWorkspace> Free { get; } = [];

    /// <summary>Later calls in the stream get workspaces of the pool again.</summary>
    public void EndCapture() => pool.EndCapture();

    /// <summary>Gives them to the stream's pool.</summary>
    public void Dispose() => pool.TakeBack(Free);
}
