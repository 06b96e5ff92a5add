using KernelGen.Compiler.Specialization;
using KernelGen.Testing;

namespace KernelGen.Compiler.Tests;

/// <summary>Whatever a template contains, the compiler answers; the same question always the same.</summary>
public class RobustnessTests
{
    [Fact]
    public void Mutated_templates_never_throw()
    {
        for (var i = 0; i < 400; i++)
        {
            var random = new SeededRandom(i);
            var template = new RandomTemplate(random);
            var text = Mutate(template.Text("Sample", withValues: true), random);
            try
            {
                var result = Specializer.Specialize(KernelTemplate.Parse(new TemplateSource("M.cs", text)), Sample.Request());
                Assert.True(result.Problems.Count > 0 == (result.Source.Length == 0));
            }
            catch (Exception exception)
            {
                Assert.Fail($"{random.Description}: {exception}\n{text}");
            }
        }
    }

    [Fact]
    public void Answers_do_not_depend_on_threads_or_order()
    {
        var random = new SeededRandom();
        var template = new RandomTemplate(random);
        var parsed = KernelTemplate.Parse(new TemplateSource("T.cs", template.Text("Sample", withValues: false)));
        var request = new SpecializationRequest("Kernel", template.Values, new Dictionary<string, string>());
        var expected = Specializer.Specialize(parsed, request);
        var results = new SpecializationResult[16];
        Parallel.For(0, results.Length, i => results[i] = Specializer.Specialize(parsed, request));
        Assert.All(results, result => Assert.Equal(expected, result));
    }

    private static string Mutate(string text, SeededRandom random)
    {
        for (var i = random.Int(1, 3); i > 0; i--)
        {
            var words = text.Split(' ');
            var (x, y) = (random.Int(0, words.Length - 1), random.Int(0, words.Length - 1));
            switch (random.Int(0, 4))
            {
                case 0:
                    (words[x], words[y]) = (words[y], words[x]);
                    break;
                case 1:
                    words[x] = "";
                    break;
                case 2:
                    words[x] = words[y];
                    break;
                case 3:
                    words[x] = random.Pick("(", ")", "{", "}", "=>", "\"", "r1", "C0", "Static.Range(a)", "throw", "switch", "var", "0", "-", "[a]", "goto x;", "default", "'", "null", "/*");
                    break;
                default:
                    var cut = random.Int(0, text.Length - 1);
                    words = [text[..cut], text[Math.Min(text.Length, cut + random.Int(1, 9))..]];
                    break;
            }

            text = string.Join(" ", words);
        }

        return text;
    }
}
