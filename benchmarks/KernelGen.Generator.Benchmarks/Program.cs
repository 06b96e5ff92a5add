using BenchmarkDotNet.Running;
using KernelGen.Generator.Benchmarks;

if (args.Contains("--quick")) QuickTable.Print();
else if (args.Contains("--project")) ProjectTable.Print(Environment.CurrentDirectory, args.SkipWhile(arg => arg != "--beside").Skip(1).FirstOrDefault());
else BenchmarkSwitcher.FromAssembly(typeof(GenerationBenchmarks).Assembly).Run(args);
