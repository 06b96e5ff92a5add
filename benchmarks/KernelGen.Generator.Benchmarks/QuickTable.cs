using System.Diagnostics;
using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Benchmarks;

/// <summary>The same measurements within seconds, with <c>--quick</c>.</summary>
internal static class QuickTable
{
    private const int Rounds = 15;

    // In an editor, the generator is compiled after a minute or two; these rounds stand for the first.
    private const int WarmUpEdits = 300;
    private const int Edits = 100;

    public static void Print()
    {
        var project = new DeclaringProject();
        GeneratorDriver driver = null!;
        var first = Measure(() => driver = DeclaringProject.NewDriver().RunGenerators(project.Compilation));
        DeclaringProject.Check(driver.GetRunResult());

        var cold = Enumerable.Range(0, Rounds).Select(_ => Measure(() => DeclaringProject.NewDriver().RunGenerators(project.Compilation))).ToArray();
        var edits = new List<double>();
        for (var round = 0; round < WarmUpEdits + Edits; round++)
        {
            var edited = project.WithUnrelatedEdit(round);
            edits.Add(Measure(() => driver = driver.RunGenerators(edited)));
        }

        Console.WriteLine($"{DeclaringProject.Variants} variants at every vector width           median ms    best ms    goal ms");
        Row("first generation of the process (with JIT)", [first], "");
        Row("generation, nothing cached", cold, "300");
        Row("after an edit that affects no variant", edits.Skip(WarmUpEdits).ToArray(), "2");
    }

    private static void Row(string what, IReadOnlyCollection<double> times, string goal)
    {
        var sorted = times.Order().ToArray();
        Console.WriteLine($"{what,-46}{sorted[sorted.Length / 2],12:F2}{sorted[0],11:F2}{goal,11}");
    }

    private static double Measure(Action action)
    {
        var watch = Stopwatch.StartNew();
        action();
        return watch.Elapsed.TotalMilliseconds;
    }
}
