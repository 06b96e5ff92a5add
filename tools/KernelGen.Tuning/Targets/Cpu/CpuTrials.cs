using System.Diagnostics;
using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.OnDemand;

namespace KernelGen.Tuning;

/// <summary>Runs candidates' CPU kernels on calls with one token count.</summary>
/// <remarks>
/// A sample is the mean of several calls with different tokens, enough to read more weights than the last-level cache holds. Otherwise the
/// second candidate of a round would find what the first one had read.
/// </remarks>
internal sealed class CpuTrials<T> : ITrials<ExpertsCandidate>
    where T : unmanaged
{
    private const int MaxCalls = 32;
    private const int WarmUpCalls = 30; // the runtime optimises methods called this often
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan CompilerPause = TimeSpan.FromMilliseconds(150); // it starts when nothing new was called for 100 ms
    private static readonly TimeSpan MaxSampleTime = TimeSpan.FromMilliseconds(40);

    private readonly ExpertsWorkload<T> _workload;
    private readonly Func<ExpertsCandidate, FusedMoeSpec> _spec;
    private readonly KernelCache _cache;
    private readonly int _tokens;
    private readonly int _callsToForget;
    private readonly Dictionary<ExpertsCandidate, ExpertsForward<T>> _kernels = [];
    private readonly List<ExpertsForward<T>> _unsettled = [];
    private int _calls;
    private int _firstCall;

    public CpuTrials(ExpertsWorkload<T> workload, Func<ExpertsCandidate, FusedMoeSpec> spec, KernelCache cache, int tokens, long lastLevelBytes)
    {
        (_workload, _spec, _cache, _tokens) = (workload, spec, cache, tokens);
        _callsToForget = (int)Math.Clamp(Math.Ceiling(2.0 * lastLevelBytes / workload.WeightBytes(tokens)), 1, MaxCalls);
    }

    public string? Prepare(ExpertsCandidate candidate, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var kernel = _cache.Compile(_spec(candidate)).Forward<T>();
        _kernels[candidate] = kernel;
        _workload.Run(kernel, _tokens, call: 0);
        _unsettled.Add(kernel);
        return null;
    }

    public void Round(IReadOnlyList<ExpertsCandidate> candidates, Span<double> microseconds, CancellationToken cancellation)
    {
        Settle(cancellation);
        if (_calls == 0) _calls = CallsOfSample(_kernels[candidates[0]]);
        for (var i = 0; i < candidates.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var kernel = _kernels[candidates[i]];
            var start = Stopwatch.GetTimestamp();
            for (var call = 0; call < _calls; call++) _workload.Run(kernel, _tokens, _firstCall + call);
            microseconds[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / _calls;
        }

        _firstCall += _calls;
    }

    public string? Verify(ExpertsCandidate candidate, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return _workload.Verify(_kernels[candidate], _tokens).Mismatch;
    }

    /// <summary>Lets the runtime optimise new kernels before they are timed; its compiler would occupy a core meanwhile.</summary>
    private void Settle(CancellationToken cancellation)
    {
        if (_unsettled.Count == 0) return;
        cancellation.WaitHandle.WaitOne(CompilerPause);
        foreach (var kernel in _unsettled)
        {
            cancellation.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            for (var call = 0; call < WarmUpCalls && (call == 0 || Stopwatch.GetElapsedTime(start) < WarmUp); call++) _workload.Run(kernel, _tokens, call);
        }

        _unsettled.Clear();
        Timing.AwaitCompiler(CompilerPause, cancellation);
    }

    private int CallsOfSample(ExpertsForward<T> kernel)
    {
        var start = Stopwatch.GetTimestamp();
        _workload.Run(kernel, _tokens, 0);
        var affordable = MaxSampleTime / Stopwatch.GetElapsedTime(start);
        return (int)Math.Clamp(Math.Min(affordable, _callsToForget), 1, MaxCalls);
    }
}
