using BenchmarkDotNet.Running;
using KernelGen.Generator.Benchmarks;

if (args.Contains("--quick")) QuickTable.Print();
else BenchmarkSwitcher.FromAssembly(typeof(GenerationBenchmarks).Assembly).Run(args);
