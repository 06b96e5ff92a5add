using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using IlgpuMoe;
using KernelGen;
using KernelGen.Ilgpu;
using Samples;

const int Tokens = 48, Experts = 16, TopK = 4, HiddenSize = 256, IntermediateSize = 128;

var random = new Random(1);
var layer = new SwigluLayer(random, Experts, HiddenSize, IntermediateSize);
using var expertWeights = ExpertWeights<BFloat16>.FromFused(
    Array.ConvertAll(layer.GateUp, weight => (BFloat16)weight), Array.ConvertAll(layer.Down, weight => (BFloat16)weight), Experts, HiddenSize, IntermediateSize);
var correctionBias = Numbers.Normal(random, Experts, 0.1);

// The program owns all of these; KernelGen only enqueues kernels on the stream. Without a GPU, ILGPU's CPU accelerator runs the same program.
using var context = Context.Create(builder => builder.Cuda().CPU(CPUDeviceKind.Default));
using var accelerator = context.GetPreferredDevice(preferCPU: false).CreateAccelerator(context);
using var stream = accelerator.CreateStream();
using var state = new DeviceState(stream, expertWeights, correctionBias, Tokens, TopK);
var isCuda = accelerator is CudaAccelerator;
Console.WriteLine($"{accelerator.Name}: {(isCuda ? "bf16 on tensor cores, each step one replay of a CUDA graph" : "fp32, with separate launches in each step")}");

// Run once without capture, to load the kernels and size the workspaces.
Step("launched", state.Enqueue);
if (isCuda)
{
    using var graph = CudaGraph.Capture(stream, state.Enqueue);
    for (var step = 1; step <= 3; step++) Step($"replay {step}", graph.Launch);
}
else
{
    Step("launched again", state.Enqueue);
}

return Check.ExitCode;

// Different inputs in the same buffers, then a comparison with the CPU kernels.
void Step(string name, Action<AcceleratorStream> run)
{
    var (logits, hidden) = (Numbers.Normal(random, Tokens * Experts), Numbers.Normal(random, Tokens * HiddenSize));
    state.Upload(logits, hidden);
    run(stream);
    var (experts, output) = state.Download();

    var (weights, expectedExperts, expected) = (new float[Tokens * TopK], new int[Tokens * TopK], new float[Tokens * HiddenSize]);
    Layer.Route(logits.Rows(Tokens), correctionBias, weights.Rows(Tokens), expectedExperts.Rows(Tokens));
    Layer.Forward(hidden.Rows(Tokens), expertWeights, weights.Rows(Tokens), expectedExperts.Rows(Tokens), expected.Rows(Tokens));
    Check.Report($"{name}: experts of the CPU's gate", experts.AsSpan().SequenceEqual(expectedExperts) ? 0 : 1, 0);
    Check.Close($"{name}: outputs of the CPU's experts", output, Array.ConvertAll(expected, value => (double)value), isCuda ? 3e-2 : 1e-5);
}
