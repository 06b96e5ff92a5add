using System.Diagnostics;

namespace KernelGen.Generator.Benchmarks;

/// <summary>What one compilation of a program took and left.</summary>
/// <param name="Seconds">From the start of the compiler's process to its end.</param>
/// <param name="MemoryBytes">The most that process had in memory.</param>
/// <param name="SourceBytes">Of all emitted files.</param>
/// <param name="AssemblyBytes">Of the compiled program.</param>
internal sealed record CompilerRun(double Seconds, long MemoryBytes, long SourceBytes, long AssemblyBytes)
{
    private static readonly TimeSpan MemoryInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Compiles a program in a process of its own, as <c>-p:UseSharedCompilation=false</c> does.</summary>
    /// <exception cref="InvalidOperationException">The compiler reports an error.</exception>
    public static CompilerRun Of(DeclaredProgram program, Toolchain toolchain, bool ilgpu) =>
        InFolder(folder => Compile(folder, program, toolchain, ilgpu, shared: false));

    /// <summary>The best of several compilations on a compiler server that has compiled this program before, each after an edit of a file that declares nothing.</summary>
    public static double WarmSeconds(DeclaredProgram program, Toolchain toolchain, bool ilgpu, int repetitions) => InFolder(folder =>
    {
        Compile(folder, program, toolchain, ilgpu, shared: true);
        Compile(folder, program, toolchain, ilgpu, shared: true);
        return Enumerable.Range(0, repetitions).Select(edit =>
        {
            File.WriteAllText(Path.Combine(folder, "Other.cs"), $"internal static class Other {{ public static int Number => {edit}; }}");
            return Compile(folder, program, toolchain, ilgpu, shared: true).Seconds;
        }).Min();
    });

    private static T InFolder<T>(Func<string, T> action)
    {
        var folder = Directory.CreateTempSubdirectory("kernelgen-project-").FullName;
        try
        {
            return action(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static CompilerRun Compile(string folder, DeclaredProgram program, Toolchain toolchain, bool ilgpu, bool shared)
    {
        var (source, other, assembly, generated) =
            (Path.Combine(folder, "Program.cs"), Path.Combine(folder, "Other.cs"), Path.Combine(folder, "Program.dll"), Path.Combine(folder, "generated"));
        File.WriteAllText(source, program.Source);
        if (!File.Exists(other)) File.WriteAllText(other, "");
        if (!shared) Directory.CreateDirectory(generated);
        string[] options =
        [
            "-nologo", "-target:exe", "-unsafe", "-optimize", "-deterministic", "-nullable:enable", "-langversion:12", "-warnaserror", "-nowarn:1701,1702", $"-out:{assembly}",
            .. shared ? [] : new[] { $"-generatedfilesout:{generated}" },
            .. toolchain.References(ilgpu).Select(path => $"-reference:{path}"),
            .. toolchain.Analyzers.Select(path => $"-analyzer:{path}"),
            source, other,
        ];
        var response = Path.Combine(folder, "Program.rsp");
        File.WriteAllLines(response, options.Select(option => $"\"{option}\""));
        var (seconds, memory) = Run([Toolchain.Compiler, .. shared ? new[] { "-shared" } : [], "-noconfig", $"@{response}"]);
        var sources = shared ? 0 : Directory.EnumerateFiles(generated, "*", SearchOption.AllDirectories).Sum(path => new FileInfo(path).Length);
        return new CompilerRun(seconds, memory, sources, new FileInfo(assembly).Length);
    }

    private static (double Seconds, long Memory) Run(string[] arguments)
    {
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(new ProcessStartInfo(Toolchain.Dotnet, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        long memory = 0;
        while (!process.WaitForExit(MemoryInterval))
        {
            process.Refresh();
            memory = Math.Max(memory, process.HasExited ? 0 : process.PeakWorkingSet64);
        }

        var seconds = watch.Elapsed.TotalSeconds;
        return process.ExitCode == 0 ? (seconds, memory) : throw new InvalidOperationException($"csc failed:\n{output.Result}");
    }
}
