namespace KernelGen.Compiler.Tests;

/// <summary>New names neither capture nor clash; old ones that hide a constant are respected.</summary>
public class NamingTests
{
    [Fact]
    public void Locals_and_parameters_hide_constants()
    {
        const string Members = "    const int Rows = 4; const int N = 2;";
        Sample.AssertText(
            """
            Use(Rows + 2);
            Func<int, int> f = N => N + Rows;
            Use((Rows, N) => Rows * N);
            """,
            Sample.Body("Use(Rows + N);\nFunc<int, int> f = N => N + Rows;\nUse((Rows, N) => Rows * N);", "int Rows", Members));
        Sample.AssertText(
            """
            {
                var N2 = Get();
                Use(N2);
            }

            Use(2);
            """,
            Sample.Body("{\n    var N = Get();\n    Use(N);\n}\n\nUse(N);", "", Members));
    }

    [Fact]
    public void Names_of_the_template_are_not_reused()
    {
        Sample.AssertText(
            """
            var w1 = 5.5;
            var w_0 = p[0];
            Use(w_0);
            var w_1 = p[1];
            Use(w_1, w1, w0);
            """.Replace("var w_1 = p[1];\nUse(w_1, w1, w0);", "var w_1 = p[1];\nUse(w_1);\nUse(w1, w0);"),
            Sample.Body("var w1 = 5.5;\nforeach (var r in Static.Range(2))\n{\n    var w = p[r];\n    Use(w);\n}\n\nUse(w1, w0);", "float* p, int w0").Replace("\n\n", "\n"));
    }

    [Fact]
    public void Flattened_blocks_do_not_clash()
    {
        Sample.AssertText(
            """
            var x = F();
            Use(x);
            var x2 = G();
            Use(x2);
            for (var x3 = n; x3 > 0; x3--) Use(x3);
            """,
            Sample.Body(
                """
                if (true)
                {
                    var x = F();
                    Use(x);
                }

                if (true)
                {
                    var x = G();
                    Use(x);
                }

                for (var x = n; x > 0; x--) Use(x);
                """,
                "int n").Replace("\n\n", "\n"));
    }

    [Fact]
    public void A_flattened_local_does_not_hide_a_member()
    {
        Sample.AssertText(
            """
            var total2 = F();
            Use(total2);
            Use(total);
            """,
            Sample.Body("if (true)\n{\n    var total = F();\n    Use(total);\n}\n\nUse(total);", "", "    static int total;").Replace("\n\n", "\n"));
    }

    [Fact]
    public void Declarations_inside_expressions_are_renamed_too()
    {
        Sample.AssertText(
            """
            if (Get(0, out var value0) && o is int number0) Use(value0 + number0);
            if (Get(1, out var value1) && o is int number1) Use(value1 + number1);
            """,
            Sample.Body("foreach (var r in Static.Range(2))\n{\n    if (Get(r, out var value) && o is int number) Use(value + number);\n}", "object o"));
    }

    [Fact]
    public void Members_labels_and_names_of_arguments_are_not_replaced()
    {
        const string Members = "    const int Rows = 4;";
        Assert.Equal("shape.Rows + shape?.Rows", Sample.Expression("shape.Rows + shape?.Rows", "Shape shape", Members));
        Assert.Equal("new Shape { Rows = 4, Other = Rows: 4 }".Replace("Rows: 4", "F(Rows: 4)"), Sample.Expression("new Shape { Rows = Rows, Other = F(Rows: Rows) }", "", Members));
        Assert.Equal("new { Rows = 4 }", Sample.Expression("new { Rows = Rows }", "", Members));
        Assert.Equal("s is { Rows: 4 }", Sample.Expression("s is { Rows: Rows }", "Shape s", Members));
        Assert.Equal("$\"{4} rows of {n:x8}\"", Sample.Expression("$\"{Rows} rows of {n:x8}\"", "int n", Members));
    }

    [Fact]
    public void Local_functions_are_renamed_with_their_copies()
    {
        Sample.AssertText(
            """
            int Add0(int x) => x;
            Use(Add0(n));
            int Add1(int x) => x + 1;
            Use(Add1(n));
            """,
            Sample.Body("foreach (var r in Static.Range(2))\n{\n    int Add(int x) => x + r;\n    Use(Add(n));\n}", "int n"));
    }
}
