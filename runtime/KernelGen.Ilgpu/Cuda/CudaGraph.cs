using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>
/// Launches that are recorded once and replayed with a single call, as suits a decoding step with many short kernels.
/// A replay accesses the buffers that were recorded; they must live as long as the graph.
/// </summary>
public sealed class CudaGraph : IDisposable
{
    // Relaxed: loading a kernel or allocating a workspace is allowed during capture; neither becomes part of the graph.
    private const int RelaxedCapture = 2;

    private readonly CudaAccelerator _accelerator;
    private readonly CapturedWorkspaces _workspaces;
    private nint _executable;

    private CudaGraph(CudaAccelerator accelerator, nint executable, CapturedWorkspaces workspaces) =>
        (_accelerator, _executable, _workspaces) = (accelerator, executable, workspaces);

    /// <summary>Records what <paramref name="work"/> enqueues; nothing runs yet.</summary>
    /// <param name="stream">A stream returned by <c>CreateStream</c>: CUDA cannot capture an accelerator's default stream.</param>
    /// <param name="work">Calls generated entry points, or other code that only launches and copies, with this stream.</param>
    /// <exception cref="NotSupportedException">The stream is not a CUDA stream, or it is the default stream.</exception>
    /// <exception cref="CudaException">The work did something that cannot be captured, such as waiting for the device.</exception>
    public static CudaGraph Capture(AcceleratorStream stream, Action<AcceleratorStream> work)
    {
        var accelerator = StreamCheck.Require(stream);
        ArgumentNullException.ThrowIfNull(work);
        if (stream is not CudaStream cuda) throw new NotSupportedException($"graphs require CUDA; {accelerator.Name} is not a CUDA device");
        if (cuda.StreamPtr == 0) throw new NotSupportedException("CUDA cannot capture the default stream; use one from accelerator.CreateStream()");

        accelerator.Bind();
        var workspaces = WorkspacePool.Of(stream).BeginCapture();
        nint executable;
        try
        {
            executable = Record(cuda, work);
        }
        catch
        {
            workspaces.Dispose();
            throw;
        }
        finally
        {
            workspaces.EndCapture();
        }

        return new CudaGraph((CudaAccelerator)accelerator, executable, workspaces);
    }

    /// <summary>Replays the work on a stream of the same accelerator. Replays of one graph must not overlap, because they share buffers.</summary>
    /// <exception cref="ArgumentException">The stream belongs to another accelerator.</exception>
    public void Launch(AcceleratorStream stream)
    {
        ObjectDisposedException.ThrowIf(_executable == 0, this);
        if (!ReferenceEquals(StreamCheck.Require(stream), _accelerator))
            throw new ArgumentException($"the graph was recorded on {_accelerator.Name}, but the stream belongs to another accelerator, {stream.Accelerator.Name}", nameof(stream));
        _accelerator.Bind();
        CudaDriver.Check(CudaDriver.LaunchGraph(_executable, ((CudaStream)stream).StreamPtr), "launching a graph");
    }

    /// <summary>Frees the graph and its workspaces. Replays must have completed.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _executable, 0) is var executable && executable == 0) return;
        if (_accelerator.IsDisposed) return; // the graph was freed with the accelerator's context
        _accelerator.Bind();
        CudaDriver.DestroyExecutable(executable);
        _workspaces.Dispose();
    }

    private static nint Record(CudaStream stream, Action<AcceleratorStream> work)
    {
        CudaDriver.Check(CudaDriver.BeginCapture(stream.StreamPtr, RelaxedCapture), "starting graph capture");
        nint graph = 0;
        try
        {
            try
            {
                work(stream);
            }
            catch
            {
                // Capture must end, or the stream stays unusable. The failure of the work takes precedence.
                if (CudaDriver.EndCapture(stream.StreamPtr, out graph) != CudaError.CUDA_SUCCESS) graph = 0;
                throw;
            }

            CudaDriver.Check(CudaDriver.EndCapture(stream.StreamPtr, out graph), "capturing a graph");
            CudaDriver.Check(CudaDriver.Instantiate(out var executable, graph, 0), "instantiating a graph");
            return executable;
        }
        finally
        {
            if (graph != 0) CudaDriver.DestroyGraph(graph);
        }
    }
}
