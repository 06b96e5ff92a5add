using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>
/// Launches that were recorded once and are replayed by one call: what a decoding step with its many short kernels wants.
/// A replay reads and writes the very buffers that were given at the recording; they must live as long as the graph.
/// </summary>
public sealed class CudaGraph : IDisposable
{
    // Relaxed: loading a kernel or allocating a workspace while recording is allowed; neither becomes part of the graph.
    private const int RelaxedCapture = 2;

    private readonly CudaAccelerator _accelerator;
    private readonly CapturedWorkspaces _workspaces;
    private nint _executable;

    private CudaGraph(CudaAccelerator accelerator, nint executable, CapturedWorkspaces workspaces) =>
        (_accelerator, _executable, _workspaces) = (accelerator, executable, workspaces);

    /// <summary>Records what <paramref name="work"/> puts into a stream; nothing runs yet.</summary>
    /// <param name="stream">A stream that <c>CreateStream</c> returned: CUDA cannot record an accelerator's default stream.</param>
    /// <param name="work">Calls generated entry points, or anything else that only launches and copies, with this very stream.</param>
    /// <exception cref="NotSupportedException">The stream is not CUDA's, or it is the default stream.</exception>
    /// <exception cref="CudaException">The work did something that cannot be recorded, such as waiting for the device.</exception>
    public static CudaGraph Capture(AcceleratorStream stream, Action<AcceleratorStream> work)
    {
        var accelerator = StreamCheck.Require(stream);
        ArgumentNullException.ThrowIfNull(work);
        if (stream is not CudaStream cuda) throw new NotSupportedException($"graphs are CUDA's; {accelerator.Name} is no CUDA device");
        if (cuda.StreamPtr == 0) throw new NotSupportedException("CUDA cannot record the default stream; use one from accelerator.CreateStream()");

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

    /// <summary>Replays the work in a stream of the same accelerator. Replays of one graph must not overlap: they share buffers.</summary>
    /// <exception cref="ArgumentException">The stream belongs to another accelerator.</exception>
    public void Launch(AcceleratorStream stream)
    {
        ObjectDisposedException.ThrowIf(_executable == 0, this);
        if (!ReferenceEquals(StreamCheck.Require(stream), _accelerator))
            throw new ArgumentException($"the graph was recorded on {_accelerator.Name}, the stream belongs to another accelerator, {stream.Accelerator.Name}", nameof(stream));
        _accelerator.Bind();
        CudaDriver.Check(CudaDriver.LaunchGraph(_executable, ((CudaStream)stream).StreamPtr), "launching a graph");
    }

    /// <summary>Frees the graph and the workspaces that its kernels use. Replays must have ended.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _executable, 0) is var executable && executable == 0) return;
        if (_accelerator.IsDisposed) return; // the graph went with the accelerator's context
        _accelerator.Bind();
        CudaDriver.DestroyExecutable(executable);
        _workspaces.Dispose();
    }

    private static nint Record(CudaStream stream, Action<AcceleratorStream> work)
    {
        CudaDriver.Check(CudaDriver.BeginCapture(stream.StreamPtr, RelaxedCapture), "beginning to record a graph");
        nint graph = 0;
        try
        {
            try
            {
                work(stream);
            }
            catch
            {
                // The recording must end, or the stream stays unusable; the work's own failure is what matters.
                if (CudaDriver.EndCapture(stream.StreamPtr, out graph) != CudaError.CUDA_SUCCESS) graph = 0;
                throw;
            }

            CudaDriver.Check(CudaDriver.EndCapture(stream.StreamPtr, out graph), "recording a graph");
            CudaDriver.Check(CudaDriver.Instantiate(out var executable, graph, 0), "making a graph executable");
            return executable;
        }
        finally
        {
            if (graph != 0) CudaDriver.DestroyGraph(graph);
        }
    }
}
