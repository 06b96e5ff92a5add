using BenchmarkDotNet.Running;
using KernelGen.Kernels.Benchmarks;

BenchmarkSwitcher.FromAssembly(typeof(GateBenchmarks).Assembly).Run(args);
