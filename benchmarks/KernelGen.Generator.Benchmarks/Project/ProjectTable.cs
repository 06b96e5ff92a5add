namespace KernelGen.Generator.Benchmarks;

/// <summary>What declarations cost a build: <c>--project [--beside CHECKOUT]</c>.</summary>
internal static class ProjectTable
{
    private const int Rounds = 3;
    private const int WarmRounds = 5;

    /// <summary>Prints a table for this checkout, and in turns with it one for another that was built before.</summary>
    public static void Print(string root, string? beside)
    {
        var toolchains = new List<(string Name, Toolchain Tools)> { ("this", new Toolchain(root)) };
        if (beside is not null) toolchains.Add(("beside", new Toolchain(Path.GetFullPath(beside))));
        foreach (var ilgpu in new[] { false, true })
        {
            Console.WriteLine();
            Console.WriteLine(ilgpu ? "with KernelGen.Ilgpu" : "CPU");
            Console.WriteLine("| program | checkout | csc s | over nothing declared | ÷ nothing declared | source KB | assembly KB | memory MB |");
            Console.WriteLine("|---|---|---|---|---|---|---|---|");
            Cold(toolchains, ilgpu);
            Console.WriteLine();
            Console.WriteLine("| compiler server that has compiled it before | checkout | s | over nothing declared |");
            Console.WriteLine("|---|---|---|---|");
            Warm(toolchains, ilgpu);
        }
    }

    private static void Cold(List<(string Name, Toolchain Tools)> toolchains, bool ilgpu)
    {
        DeclaredProgram[] programs =
            [DeclaredProgram.Empty, DeclaredProgram.OfExperts(1), DeclaredProgram.OfExperts(2), DeclaredProgram.Models, DeclaredProgram.OneMore, DeclaredProgram.Classes(100)];
        var runs = new Dictionary<(DeclaredProgram, string), CompilerRun>();
        foreach (var program in programs)
        {
            var rounds = program.Declarations >= 100 ? 1 : Rounds;
            for (var round = 0; round < rounds; round++)
            {
                foreach (var (name, tools) in toolchains)
                {
                    var run = CompilerRun.Of(program, tools, ilgpu);
                    if (!runs.TryGetValue((program, name), out var best) || run.Seconds < best.Seconds) runs[(program, name)] = run;
                }
            }

            foreach (var (name, _) in toolchains)
            {
                var (run, empty) = (runs[(program, name)], runs[(DeclaredProgram.Empty, name)]);
                Console.WriteLine(
                    $"| {program.Name} | {name} | {run.Seconds:F2} | +{run.Seconds - empty.Seconds:F2} | {run.Seconds / empty.Seconds:F2} | {run.SourceBytes / 1e3:F0} | {run.AssemblyBytes / 1e3:F0} | {run.MemoryBytes / 1e6:F0} |");
            }
        }
    }

    private static void Warm(List<(string Name, Toolchain Tools)> toolchains, bool ilgpu)
    {
        var empty = new Dictionary<string, double>();
        foreach (var program in new[] { DeclaredProgram.Empty, DeclaredProgram.OfExperts(1), DeclaredProgram.OfExperts(6) })
        {
            foreach (var (name, tools) in toolchains)
            {
                var seconds = CompilerRun.WarmSeconds(program, tools, ilgpu, WarmRounds);
                empty.TryAdd(name, seconds);
                Console.WriteLine($"| {program.Name} | {name} | {seconds:F2} | +{seconds - empty[name]:F2} |");
            }
        }
    }
}
