using System.Reflection;
using KernelGen.Compiler.Specialization;
using KernelGen.Testing;

namespace KernelGen.Compiler.Tests;

/// <summary>A template run as it stands and its specialisation give the same bits.</summary>
public class DifferentialTests
{
    private const int Templates = 240;
    private const int Inputs = 10;

    private delegate long Kernel(int a, int b, uint u, long g, float x, float y, bool p);

    [Fact]
    public void Specialised_code_computes_what_the_template_computes()
    {
        var random = Enumerable.Range(0, Templates).Select(i => new SeededRandom(i)).ToArray();
        var templates = random.Select(numbers => new RandomTemplate(numbers)).ToArray();
        var sources = new string[Templates];
        var compilation = new InProcess();
        for (var i = 0; i < Templates; i++)
        {
            var template = KernelTemplate.Parse(new TemplateSource($"T{i}.cs", templates[i].Text("T" + i, withValues: false)));
            var result = Specializer.Specialize(template, new SpecializationRequest("K" + i, templates[i].Values, new Dictionary<string, string>()));
            sources[i] = $"{templates[i].Text("T" + i, withValues: true)}\n{result.Source}";
            Assert.True(result.Problems.Count == 0, $"{random[i].Description}: {string.Join("; ", result.Problems)}\n{sources[i]}");
            Assert.False(result.Source.Contains("Static.") || result.Source.Contains("[Specialize]"), $"{random[i].Description}: {sources[i]}");
            compilation.Add("using System;\nusing KernelGen;\n" + sources[i]);
        }

        var assembly = compilation.Load(error => $"{error}\n{random[error.File].Description}\n{sources[error.File]}");
        for (var i = 0; i < Templates; i++)
        {
            var expected = KernelOf(assembly, "T" + i);
            var actual = KernelOf(assembly, "K" + i);
            for (var input = 0; input < Inputs; input++)
            {
                var n = random[i];
                var (a, b, u, g, x, y, p) = (n.Pick(n.Int(-9, 9), n.Int(int.MinValue, int.MaxValue - 1)), n.Int(-9, 9), (uint)n.Int(0, int.MaxValue - 1) * 2, (long)n.Int(-99, 99) << 30, n.Pick(0f, -0f, float.NaN, n.Float(-4, 4)), n.Float(-1, 1), n.Bool());
                var (want, have) = (expected(a, b, u, g, x, y, p), actual(a, b, u, g, x, y, p));
                Assert.True(want == have, $"{n.Description}: f({a}, {b}, {u}, {g}, {x}, {y}, {p}) is {have}, not {want}\n{sources[i]}");
            }
        }
    }

    private static Kernel KernelOf(Assembly assembly, string name) => assembly.GetType(name, throwOnError: true)!.GetMethod("Run")!.CreateDelegate<Kernel>();
}
