using BenchmarkDotNet.Attributes;
using KernelGen.Benchmarking;
using KernelGen.Cpu;

namespace KernelGen.Kernels.Benchmarks;

/// <summary>A gate, specialised and unspecialised, with inputs that change from call to call.</summary>
[MemoryDiagnoser]
public class GateBenchmarks
{
    private GateWorkload<float> _workload = null!;
    private int _call;

    [Params("384/6 sigmoid + bias", "128/8 softmax")]
    public string Gate { get; set; } = "";

    [Params(1, 512, 4096)]
    public int Tokens { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var shape = Gate.StartsWith("384", StringComparison.Ordinal)
            ? new GateShape(384, 6, GateScoring.Sigmoid, CorrectionBias: true, Groups: 1, TopKGroups: 1, Renormalize: true)
            : new GateShape(128, 8, GateScoring.Softmax, CorrectionBias: false, Groups: 1, TopKGroups: 1, Renormalize: true);
        _workload = new GateWorkload<float>(shape, Tokens);
    }

    [Benchmark]
    public void Specialised() => _workload.Run(Specialized.Route, Tokens, _call++);

    [Benchmark(Baseline = true)]
    public void Unspecialised() => _workload.Run(Unspecialized.Route, Tokens, _call++);
}
