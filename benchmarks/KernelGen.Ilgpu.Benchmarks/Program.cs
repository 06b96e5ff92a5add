using ILGPU;
using ILGPU.Runtime.Cuda;
using KernelGen;
using KernelGen.Cpu;
using KernelGen.Ilgpu.Benchmarks;

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
var failures = gates.Count(gate => !gate.Run(stream));
Console.WriteLine(failures == 0 ? "all right" : $"{failures} wrong");
return failures == 0 ? 0 : 1;
