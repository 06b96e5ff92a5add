using BenchmarkDotNet.Running;
using KernelGen.Kernels.Benchmarks;

if (args is ["--soak", ..]) return Soak.Run(args.Length > 1 ? int.Parse(args[1]) : 1_000_000);
BenchmarkSwitcher.FromAssembly(typeof(GateBenchmarks).Assembly).Run(args);
return 0;
