using System.Diagnostics;
using System.Numerics.Tensors;
using KernelGen;
using KernelGen.Benchmarks;
using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

// Usage: [part of a variant's name] [tokens …]. µs best / median of one call, inputs rotated; Vector128/256/512: one thread, without the driver.
var filter = args.FirstOrDefault(arg => !int.TryParse(arg, out _)) ?? "";
var tokenCounts = args.Where(arg => int.TryParse(arg, out _)).Select(int.Parse).DefaultIfEmpty(4096).ToArray();
MoeGateSpec[] specs =
[
    new(384, 6, GateScoring.Sigmoid, true, 1, 1, true),
    new(256, 8, GateScoring.Sigmoid, true, 8, 4, true),
    new(256, 8, GateScoring.Sigmoid, false, 1, 1, true),
    new(256, 6, GateScoring.SqrtSoftplus, true, 1, 1, true),
    new(128, 8, GateScoring.Softmax, false, 1, 1, true),
    new(160, 6, GateScoring.Softmax, false, 8, 3, false),
    new(60, 4, GateScoring.Softmax, false, 1, 1, false),
    new(32, 4, GateScoring.Softmax, false, 1, 1, true),
    new(8, 2, GateScoring.Softmax, false, 1, 1, true),
];
foreach (var spec in specs.Where(spec => spec.VariantName.Contains(filter)))
{
    var kernels = KernelAssembly.Compile(spec);
    foreach (var tokens in tokenCounts) Compare(spec, kernels, tokens);
}

static unsafe void Compare(MoeGateSpec spec, KernelAssembly kernels, int tokens)
{
    var random = new SeededRandom();
    var inputs = Enumerable.Range(0, Math.Clamp(65536 / tokens, 4, 512)).Select(_ => random.Normal(tokens * spec.Experts, 1.5f)).ToArray();
    var bias = spec.CorrectionBias ? random.Normal(spec.Experts, 0.1f) : [];
    var weights = new float[tokens * spec.TopK];
    var experts = new int[tokens * spec.TopK];
    var shape = spec.ToShape();
    var route = kernels.Route;
    nint[] rows = [tokens, spec.Experts], columns = [tokens, spec.TopK];

    var contenders = new List<(string Name, Action<float[]> Run)>
    {
        ("TensorPrimitives", logits => TensorPrimitivesGate.Route(shape, logits, bias, weights, experts, 1f)),
        ("KernelGen", logits => route(
            new ReadOnlyTensorSpan<float>(logits, rows, []), bias, new TensorSpan<float>(weights, columns, []), new TensorSpan<int>(experts, columns, []), 1f)),
    };
    foreach (var bits in KernelRecipe.VectorWidths)
    {
        var kernel = kernels.Kernel(spec, bits);
        contenders.Add(($"Vector{bits}", logits => RunKernel(kernel, spec, logits, bias, weights, experts, tokens)));
    }

    Console.WriteLine($"{spec.VariantName}, {tokens} tokens");
    var times = contenders.Select(_ => new List<double>()).ToArray();
    var next = 0;
    for (var round = 0; round < 400; round++)
    {
        for (var c = 0; c < contenders.Count; c++)
        {
            var calls = Math.Max(1, 1024 / tokens);
            var start = Stopwatch.GetTimestamp();
            for (var call = 0; call < calls; call++) contenders[c].Run(inputs[next++ % inputs.Length]);
            times[c].Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / calls);
        }

        if (round == 99)
        {
            foreach (var list in times) list.Clear();
            Thread.Sleep(200); // the JIT finishes its work
        }
    }

    for (var c = 0; c < contenders.Count; c++)
    {
        times[c].Sort();
        Console.WriteLine($"  {contenders[c].Name,-18}{times[c][0],10:F2}{times[c][times[c].Count / 2],10:F2} µs   {times[c][times[c].Count / 2] * 1000 / tokens,8:F1} ns a token");
    }
}

static unsafe void RunKernel(nint kernel, MoeGateSpec spec, float[] logits, float[] bias, float[] weights, int[] experts, int tokens)
{
    fixed (float* x = logits, b = bias, w = weights)
    fixed (int* ids = experts)
    {
        var call = new GateArguments
        {
            Logits = x,
            LogitsStride = spec.Experts,
            CorrectionBias = b,
            Weights = w,
            WeightsStride = spec.TopK,
            Experts = ids,
            ExpertsStride = spec.TopK,
            Tokens = tokens,
            RoutedScalingFactor = 1f,
        };
        ((delegate*<in GateArguments, void>)kernel)(in call);
    }
}
