using BenchmarkDotNet.Attributes;
using KernelGen.Benchmarking;

namespace KernelGen.Kernels.Benchmarks;

/// <summary>Experts, specialised and unspecialised, with routings that change from call to call.</summary>
[MemoryDiagnoser]
[GenericTypeArguments(typeof(float))]
[GenericTypeArguments(typeof(BFloat16))]
public class ExpertsBenchmarks<T>
    where T : unmanaged
{
    private ExpertsWorkload<T> _workload = null!;
    private ExpertsForward<T> _specialised = null!;
    private ExpertsForward<T> _unspecialised = null!;
    private int _call;

    [Params(1, 64, 512)]
    public int Tokens { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _workload = new ExpertsWorkload<T>(experts: 8, topK: 2, hiddenSize: 1024, intermediateSize: 1792, Tokens);
        _specialised = typeof(T) == typeof(float) ? Bind<float>(Specialized.Forward) : Bind<BFloat16>(Specialized.Forward);
        _unspecialised = typeof(T) == typeof(float) ? Bind<float>(Unspecialized.Forward) : Bind<BFloat16>(Unspecialized.Forward);
    }

    [GlobalCleanup]
    public void Cleanup() => _workload.Dispose();

    [Benchmark]
    public void Specialised() => _workload.Run(_specialised, Tokens, _call++);

    [Benchmark(Baseline = true)]
    public void Unspecialised() => _workload.Run(_unspecialised, Tokens, _call++);

    private static ExpertsForward<T> Bind<TWeight>(ExpertsForward<TWeight> forward)
        where TWeight : unmanaged => (ExpertsForward<T>)(object)forward;
}
