using ILGPU;
using ILGPU.Runtime.Cuda;
using KernelGen;
using KernelGen.Cpu;
using KernelGen.Ilgpu;
using KernelGen.Ilgpu.Benchmarks;
using Variants = KernelGen.Generated.KernelGen_Ilgpu_Benchmarks_Experts;

using var context = Context.Create(builder => builder.Cuda());
using var accelerator = context.CreateCudaAccelerator(0);
using var stream = accelerator.CreateStream();
Console.WriteLine($"{accelerator.Name}, {accelerator.Architecture}, PTX {accelerator.InstructionSet}, driver {accelerator.DriverVersion}, {accelerator.NumMultiprocessors} multiprocessors");

GateBenchmark[] gates =
[
    new("384/6 sigmoid, bias", new GateShape(384, 6, GateScoring.Sigmoid, true, 1, 1, true), Gates.Route),
    new("256/8 sigmoid, bias", new GateShape(256, 8, GateScoring.Sigmoid, true, 1, 1, true), Gates.Route),
    new("256/8 sigmoid, bias, 4 of 8 groups", new GateShape(256, 8, GateScoring.Sigmoid, true, 8, 4, true), GroupedGates.Route),
    new("128/8 softmax", new GateShape(128, 8, GateScoring.Softmax, false, 1, 1, true), Gates.Route),
];
ExpertsBenchmark<BFloat16>[] experts =
[
    new("Mixtral 8x7B tp2", 8, 2, 4096, 7168, WeightPatterns.BFloat16, Experts.Forward),
    new("Qwen3 30B-A3B", 128, 8, 2048, 768, WeightPatterns.BFloat16, Experts.Forward),
    new("DeepSeek V3 tp8", 256, 8, 7168, 256, WeightPatterns.BFloat16, Experts.Forward),
];
ProductsBenchmark[] products =
[
    new("Mixtral 8x7B tp2", 8, 2, 4096, 7168, Variants.fusedmoe_silu_e8_k2_h4096_i7168_bf16_ilgpu.Kernels),
    new("Qwen3 30B-A3B", 128, 8, 2048, 768, Variants.fusedmoe_silu_e128_k8_h2048_i768_bf16_ilgpu.Kernels),
    new("DeepSeek V3 tp8", 256, 8, 7168, 256, Variants.fusedmoe_silu_e256_k8_h7168_i256_bf16_ilgpu.Kernels),
];
SplitKBenchmark[] slices = [new(8, 2, 4096, 3584, Sliced.Forward), new(8, 2, 8192, 3584, Sliced.Forward)];
LayerBenchmark[] layers =
[
    new("Mixtral 8x7B tp2", 8, 2, 4096, 7168, false, Gates.Route, Experts.Forward),
    new("Qwen3 30B-A3B", 128, 8, 2048, 768, false, Gates.Route, Experts.Forward),
    new("DeepSeek V3 tp8", 256, 8, 7168, 256, true, Gates.Route, Experts.Forward),
];
(string Name, int Experts, int TopK, int HiddenSize, int IntermediateSize)[] models =
    [("Mixtral 8x7B tp2", 8, 2, 4096, 7168), ("Qwen3 30B-A3B", 128, 8, 2048, 768), ("DeepSeek V3 tp8", 256, 8, 7168, 256)];
OmniRouterBenchmark[] routers = [new(32, 8), new(48, 8), new(64, 16), new(100, 16), new(256, 16), new(256, 128), new(1024, 16)];
OmniExpertsBenchmark[] neurons = [new(64, 16, 1024), new(128, 16, 1024)];

// Without arguments, everything; otherwise the named families.
var failures = 0;
if (IsWanted("gates")) failures += gates.Count(gate => !gate.Run(stream));
if (IsWanted("experts")) failures += experts.Count(layer => !layer.Run(stream));
if (IsWanted("products")) Array.ForEach(products, layer => layer.Run((CudaStream)stream));
if (IsWanted("narrow")) failures += models.Sum(Narrow);
if (IsWanted("w8a8")) failures += models.Sum(Bytes);
if (IsWanted("splitk")) Array.ForEach(slices, layer => layer.Run(stream));
if (IsWanted("layer")) Array.ForEach(layers, layer => layer.Run(stream));
if (IsWanted("omni")) failures += routers.Count(router => !router.Run(stream)) + neurons.Count(layer => !layer.Run(stream));
Console.WriteLine(failures == 0 ? "all correct" : $"{failures} wrong");
return failures == 0 ? 0 : 1;

// The same layer with every weight format.
int Narrow((string Name, int Experts, int TopK, int HiddenSize, int IntermediateSize) model)
{
    return Of("bf16", WeightPatterns.BFloat16, Experts.Forward) + Of("f16", WeightPatterns.Half, NarrowExperts.Forward) + Of("fp8, blocks of 128", WeightPatterns.Float8Block, NarrowExperts.Forward)
        + Of("int8, one scale per row", WeightPatterns.Int8Channel, NarrowExperts.Forward) + Of("int4, groups of 128", WeightPatterns.Int4Group, NarrowExperts.Forward);

    int Of<T>(string format, WeightPattern<T> pattern, DeviceExpertsForward<T> forward)
        where T : unmanaged => new ExpertsBenchmark<T>($"{model.Name} {format}", model.Experts, model.TopK, model.HiddenSize, model.IntermediateSize, pattern, forward).Run(stream) ? 0 : 1;
}

// The same with 8-bit inputs.
int Bytes((string Name, int Experts, int TopK, int HiddenSize, int IntermediateSize) model)
{
    return Of("fp8_w8a8, blocks and groups of 128", WeightPatterns.Float8Block, ByteExperts.Forward, RowRounding.Float8Groups) + Of("int8_w8a8", WeightPatterns.Int8Channel, ByteExperts.Forward, RowRounding.Int8Row);

    int Of<T>(string format, WeightPattern<T> pattern, DeviceExpertsForward<T> forward, Action<double[]> round)
        where T : unmanaged => new ExpertsBenchmark<T>($"{model.Name} {format}", model.Experts, model.TopK, model.HiddenSize, model.IntermediateSize, pattern, forward, round).Run(stream) ? 0 : 1;
}

bool IsWanted(string family) => args.Length == 0 || args.Contains(family);
