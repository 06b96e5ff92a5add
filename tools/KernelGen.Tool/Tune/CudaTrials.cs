using System.Diagnostics;
using System.Numerics.Tensors;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using KernelGen.Benchmarking;
using KernelGen.Ilgpu;
using KernelGen.Tuning;

namespace KernelGen.Tool.Tune;

/// <summary>Runs candidates on a CUDA device. A sample is a graph of calls with different tokens, so that launches cost nothing and caches do not help.</summary>
internal sealed class CudaTrials : ITrials<ExpertsCandidate>, IDisposable
{
    private const int MaxCalls = 16;
    private const int CallsOfGraph = 24;
    private const int CallsOfLongGraph = 2;
    private const long MaxBytes = 1L << 28;
    private const int FewestTokensOfLongCall = 2048;

    // Allowed error of an output due to bf16 GEMM inputs, relative to the largest output (docs/numerics.md).
    private const double TensorCoreRounding = 3e-2;

    private readonly ExpertsWorkload<BFloat16> _workload;
    private readonly DeviceExpertWeights<BFloat16> _weights;
    private readonly Func<ExpertsCandidate, ExpertsKernels<ushort>> _kernels;
    private readonly AcceleratorStream _stream;
    private readonly int _tokens;
    private readonly List<Call> _calls = [];
    private readonly Dictionary<ExpertsCandidate, (ExpertsKernels<ushort> Kernels, CudaGraph Graph)> _ready = [];
    private readonly int _callsOfGraph;

    public CudaTrials(
        ExpertsWorkload<BFloat16> workload, DeviceExpertWeights<BFloat16> weights, Func<ExpertsCandidate, ExpertsKernels<ushort>> kernels, AcceleratorStream stream, int tokens)
    {
        (_workload, _weights, _kernels, _stream, _tokens) = (workload, weights, kernels, stream, tokens);
        for (var bytes = 0L; _calls.Count < MaxCalls && bytes < MaxBytes; bytes += _calls[^1].Bytes)
        {
            workload.Run(
                (hidden, _, routerWeights, experts, output, _, _) => _calls.Add(new Call(stream.Accelerator, hidden, routerWeights, experts, output)), tokens, _calls.Count);
        }

        _callsOfGraph = tokens < FewestTokensOfLongCall ? CallsOfGraph : CallsOfLongGraph;
    }

    public string? Prepare(ExpertsCandidate candidate, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var kernels = _kernels(candidate);
        try
        {
            // The driver compiles at the first launch, which must not happen inside a graph.
            _calls[0].Launch(_stream, _weights, kernels);
            _stream.Synchronize();
            var graph = CudaGraph.Capture(_stream, stream =>
            {
                for (var call = 0; call < _callsOfGraph; call++) _calls[call % _calls.Count].Launch(stream, _weights, kernels);
            });
            _ready.Add(candidate, (kernels, graph));
            graph.Launch(_stream);
            _stream.Synchronize();
            return null;
        }
        catch (Exception e) when (e is NotSupportedException or CudaException)
        {
            return e.Message;
        }
    }

    public void Round(IReadOnlyList<ExpertsCandidate> candidates, Span<double> microseconds, CancellationToken cancellation)
    {
        for (var i = 0; i < candidates.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var graph = _ready[candidates[i]].Graph;
            var start = Stopwatch.GetTimestamp();
            graph.Launch(_stream);
            _stream.Synchronize();
            microseconds[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / _callsOfGraph;
        }
    }

    public string? Verify(ExpertsCandidate candidate, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var kernels = _ready[candidate].Kernels;
        return _workload.Verify(
            (hidden, _, routerWeights, experts, output, _, _) =>
            {
                using var call = new Call(_stream.Accelerator, hidden, routerWeights, experts, output);
                call.Launch(_stream, _weights, kernels);
                _stream.Synchronize();
                call.CopyOutput(output);
            },
            _tokens,
            rounding: TensorCoreRounding).Mismatch;
    }

    public void Dispose()
    {
        foreach (var (_, graph) in _ready.Values) graph.Dispose();
        foreach (var call in _calls) call.Dispose();
    }

    /// <summary>The arguments of a call in device memory.</summary>
    private sealed class Call(
        Accelerator accelerator, ReadOnlyTensorSpan<float> hidden, ReadOnlyTensorSpan<float> routerWeights, ReadOnlyTensorSpan<int> experts, TensorSpan<float> output) : IDisposable
    {
        private readonly DeviceMatrix<float> _hidden = new(accelerator, hidden);
        private readonly DeviceMatrix<float> _routerWeights = new(accelerator, routerWeights);
        private readonly DeviceMatrix<int> _experts = new(accelerator, experts);
        private readonly DeviceMatrix<float> _output = new(accelerator, (int)output.Lengths[0], (int)output.Lengths[1]);

        public long Bytes => _hidden.Bytes + _routerWeights.Bytes + _experts.Bytes + _output.Bytes;

        public void Launch(AcceleratorStream stream, DeviceExpertWeights<BFloat16> weights, ExpertsKernels<ushort> kernels) =>
            DeviceExpertsCall<BFloat16>.Create(stream, _hidden.View, weights, _routerWeights.View, _experts.View, _output.View).Run(kernels);

        public void CopyOutput(TensorSpan<float> output) => _output.CopyTo(output);

        public void Dispose()
        {
            _hidden.Dispose();
            _routerWeights.Dispose();
            _experts.Dispose();
            _output.Dispose();
        }
    }
}
