using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Tests;

/// <summary>What cannot be specialised is reported with its place; nothing is written then.</summary>
public class ProblemTests
{
    [Theory]
    [InlineData("KG1001", "public static void Run(int n) { var a = Static.Array<int>(2); Use(a[n]); }", 1, 69)]
    [InlineData("KG1002", "public static void Run(int n) { foreach (var r in Static.Range(n)) Use(r); }", 1, 64)]
    [InlineData("KG1002", "public static void Run(int n) { var a = Static.Array<int>(n); }", 1, 59)]
    [InlineData("KG1002", "public static void Run() { foreach (var r in Static.Range(0, 4, 0)) Use(r); }", 1, 46)]
    [InlineData("KG1003", "public static void Run() { foreach (var r in Static.Range(5000)) Use(r); }", 1, 28)]
    [InlineData("KG1003", "public static void Run() { var a = Static.Array<int>(100, 100); }", 1, 36)]
    [InlineData("KG1004", "public static void Run(int n) => H(n); static void H([Specialize] int k) => Use(k);", 1, 36)]
    [InlineData("KG1014", "public static void Run(int n) => H(); static void H([Specialize] int k) => Use(k);", 1, 34)]
    [InlineData("KG1004", "public static void Run() => H(G.F()); static void H<[Specialize] T>(T k) => Use(k);", 1, 29)]
    [InlineData("KG1005", "public static void Run() => Use(1000000000 * 4);", 1, 33)]
    [InlineData("KG1005", "const int Zero = 0; public static void Run() => Use(4 / Zero);", 1, 53)]
    [InlineData("KG1005", "const int Zero = 0; public static void Run(int n) => Use(n % Zero);", 1, 58)]
    [InlineData("KG1005", "public static void Run() => Use((byte)300);", 1, 33)]
    [InlineData("KG1005", "public static void Run() { foreach (var r in Static.Range(3)) Use(6 / (r - 2)); }", 1, 67)]
    [InlineData("KG1006", "public static void Run() { var a = Static.Array<int>(2); Use(a); }", 1, 62)]
    [InlineData("KG1006", "public static void Run() { var a = Static.Array<int>(2); foreach (var x in a) Use(x); }", 1, 76)]
    [InlineData("KG1006", "public static void Run() { var a = Static.Array<int>(2); a = null; }", 1, 58)]
    [InlineData("KG1006", "public static void Run() { Use(Static.Range(3)); }", 1, 32)]
    [InlineData("KG1006", "static readonly int[] A = Static.Array<int>(3); public static void Run() => Use(A);", 1, 27)]
    [InlineData("KG1007", "public static void Run(bool x) { foreach (var r in Static.Range(3)) { if (x) break; } }", 1, 78)]
    [InlineData("KG1007", "public static void Run(bool x) { foreach (var r in Static.Range(3)) { switch (x) { case true: continue; } } }", 1, 95)]
    [InlineData("KG1007", "public static void Run(bool x) { switch (3) { case 3: if (x) break; return; } }", 1, 62)]
    [InlineData("KG1008", "public static void Run() { foreach (var r in Static.Range(3)) { goto end; } end: ; }", 1, 65)]
    [InlineData("KG1008", "public static void Run() { foreach (var r in Static.Range(3)) { again: Use(r); } }", 1, 65)]
    [InlineData("KG1008", "public static void Run() { switch (1) { case 1: goto case 2; case 2: break; } }", 1, 49)]
    [InlineData("KG1011", "public static void Run( { }", 1, 25)]
    [InlineData("KG1012", "public static void Run() { var a = Static.Array<int>(2, 3); Use(a[1, 3]); }", 1, 65)]
    [InlineData("KG1012", "public static void Run() { var a = Static.Array<int>(2); Use(a[-1]); }", 1, 62)]
    [InlineData("KG1013", "public static void Run() { foreach (var r in Static.Range(2)) r++; }", 1, 63)]
    [InlineData("KG1013", "public static void Run() => H(2); static void H([Specialize] int k) { k = 3; }", 1, 71)]
    [InlineData("KG1013", "public static void Run() => H(2); static void H([Specialize] int k) { Set(out k); }", 1, 75)]
    [InlineData("KG1014", "public static void Run() { delegate*<int, void> p = &H; } static void H([Specialize] int k) { }", 1, 54)]
    [InlineData("KG1014", "public static void Run() => H(1, 2); static void H(int a) { }", 1, 29)]
    public void Each_kind(string id, string members, int line, int column) =>
        Assert.Contains($"{id} {line}:{column}", Sample.Problems(members));

    [Fact]
    public void Lines_and_files_are_the_template_s()
    {
        var result = Specializer.Specialize(
            KernelTemplate.Parse(
                new TemplateSource("A.cs", Sample.Of("    public static void Run(int n)\n    {\n        Helper(n);\n    }").Replace("static unsafe", "static unsafe partial")),
                new TemplateSource("B.cs", "static partial class Sample\n{\n    static void Helper(int n)\n    {\n        var a = Static.Array<int>(2);\n        a[n] = 1;\n    }\n}\n")),
            Sample.Request());
        Assert.Equal("", result.Source);
        var problem = Assert.Single(result.Problems);
        Assert.Equal(new TemplateProblem("KG1001", "the index n of the static array a is not known at specialisation", "B.cs", 6, 11), problem);
    }

    [Fact]
    public void Requests_are_checked()
    {
        var template = KernelTemplate.Parse(new TemplateSource("T.cs", Sample.Of("    [Specialize] const int N = 1; const int M = 2; public static void Run() { }", "<T, U>")));
        var types = new Dictionary<string, string> { ["T"] = "float float", ["V"] = "int" };
        var result = Specializer.Specialize(template, Sample.Request(("M", ConstantValue.From(1)), ("N", ConstantValue.From(true))) with { Types = types });
        Assert.Equal(["KG1009", "KG1009", "KG1009", "KG1010"], result.Problems.Select(problem => problem.Id).Order());
        Assert.Contains(result.Problems, problem => problem.Message == "Sample has no [Specialize] constant M");
        Assert.All(result.Problems, problem => Assert.Equal(("T.cs", 5), (problem.Path, problem.Line)));

        result = Specializer.Specialize(template, Sample.Request(("N", ConstantValue.From(true))) with { Types = new Dictionary<string, string> { ["T"] = "float", ["U"] = "int" } });
        Assert.Equal(["KG1009"], result.Problems.Select(problem => problem.Id).Take(1));
    }

    [Fact]
    public void Bad_arguments_are_the_caller_s_error()
    {
        var template = KernelTemplate.Parse(new TemplateSource("T.cs", Sample.Of("    public static void Run() { }")));
        Assert.Throws<ArgumentException>(() => Specializer.Specialize(template, Sample.Request() with { ClassName = "a b" }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Specializer.Specialize(template, Sample.Request() with { VectorBits = 64 }));
        Assert.Throws<ArgumentException>(() => KernelTemplate.Parse());
    }

    [Fact]
    public void Templates_without_a_class_or_an_entry_point_are_malformed()
    {
        Assert.Equal("no class carries [KernelTemplate]", Assert.Single(Sample.Specialize("class C { }").Problems).Message);
        Assert.Equal("Sample has no public or internal method to specialise", Assert.Single(Sample.Specialize(Sample.Of("    static void Run() { }")).Problems).Message);
    }

    [Theory]
    [InlineData("foreach (var a in Static.Range(1000)) foreach (var b in Static.Range(1000)) Use(a, b);")]
    [InlineData("foreach (var a in Static.Range(4000)) foreach (var b in Static.Range(4000)) { }")]
    public void Growth_has_a_limit(string body) => Assert.Equal("KG1003", Assert.Single(Sample.Specialize(Sample.Of("    public static void Run() { " + body + " }")).Problems).Id);

    [Fact]
    public void Endless_instances_have_a_limit() =>
        Assert.StartsWith("KG1003", Assert.Single(Sample.Problems("public static void Run() => H(0); static void H([Specialize] int k) => H(k + 1);")));

    [Fact]
    public void Deep_nesting_is_a_problem_not_a_crash()
    {
        // On a stack of its own: how deep is too deep depends on the stack, and on how well the compiler's code is compiled by then.
        var sum = string.Join(" + ", Enumerable.Repeat("n", 40_000));
        IEnumerable<object> problems = [];
        var thread = new Thread(() => problems = Sample.Specialize(Sample.Of($"    public static int Run(int n) => {sum};")).Problems, maxStackSize: 1 << 20);
        thread.Start();
        thread.Join();
        Assert.NotEmpty(problems);
    }
}
