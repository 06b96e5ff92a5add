namespace KernelGen.Compiler.Tests;

/// <summary>What cannot run is not written.</summary>
public class PruningTests
{
    private const string Constants = "    const bool Yes = true; const bool No = false; const int Kind = 2;";

    [Theory]
    [InlineData("Yes && x", "x")]
    [InlineData("x && Yes", "x")]
    [InlineData("No && x", "false")]
    [InlineData("x && No", "false")]
    [InlineData("F() && No", "F() && false")]
    [InlineData("No || x", "x")]
    [InlineData("x || Yes", "true")]
    [InlineData("!(No || x)", "!x")]
    [InlineData("Yes ? n : m", "n")]
    [InlineData("No ? n : m + 1", "m + 1")]
    [InlineData("x ? Kind : n", "x ? 2 : n")]
    [InlineData("Yes ? 1 : 2.5f", "1f")]
    [InlineData("Yes ? n : 2.5f", "(float)n")]
    [InlineData("Kind switch { 1 => n, 2 or 3 => m, _ => 0 }", "m")]
    [InlineData("Kind switch { > 2 => n, not 2 => m, var k when k > 1 => k + n, _ => 0 }", "2 + n")]
    [InlineData("n switch { Kind => 1, < Kind * 2 => 2, _ => 0 }", "n switch { 2 => 1, < 4 => 2, _ => 0 }")]
    [InlineData("Kind is 1 or 2", "true")]
    [InlineData("Kind is > 2 and < 9", "false")]
    [InlineData("n is Kind", "n is 2")]
    public void Expressions(string expression, string expected) =>
        Assert.Equal(expected, Sample.Expression(expression, "bool x, int n, int m", Constants + "\n    public static bool F() => true;"));

    [Fact]
    public void A_taken_block_is_flattened()
    {
        Sample.AssertText(
            """
            A();
            var x = n;
            B(x);

            C();
            """,
            Sample.Body(
                """
                A();
                if (Kind == 2)
                {
                    var x = n;
                    B(x);
                }
                else
                {
                    D();
                }

                if (No) D();
                while (No) D();
                for (; No;) D();
                C();
                """,
                "int n",
                Constants));
    }

    [Fact]
    public void Blank_lines_of_dropped_statements_are_not_doubled()
    {
        Sample.AssertText(
            """
            A();

            B();
            """,
            Sample.Body(
                """
                A();

                const int Local = 3;

                if (No) A();

                B();
                """,
                "",
                Constants));
    }

    [Fact]
    public void Else_if_chains_shrink()
    {
        Sample.AssertText(
            """
            if (x) A();
            else C();
            if (x) A();
            else if (y)
            {
                B();
                B();
            }
            else
            {
                C();
            }

            if (!x) C();

            _ = F();
            """,
            Sample.Body(
                """
                if (x) A();
                else if (Kind == 1) B();
                else C();
                if (x) A();
                else if (y)
                {
                    B();
                    B();
                }
                else if (Yes)
                {
                    C();
                }

                if (x)
                {
                    if (No) A();
                }
                else C();

                if (F())
                {
                    if (No) A();
                }

                if (x) { }
                """,
                "bool x, bool y",
                Constants + "\n    public static bool F() => true;"));
    }

    [Fact]
    public void Switches_on_constants_leave_one_section()
    {
        Sample.AssertText(
            """
            A();
            B(n + 2);
            """,
            Sample.Body(
                """
                switch (Kind)
                {
                    case 1:
                        C();
                        break;
                    case 2 when Yes:
                    {
                        A();
                        break;
                    }
                    default:
                        C();
                        break;
                }

                switch (Kind)
                {
                    case 7: C(); return;
                    case var k: B(n + k); break;
                }

                switch (Kind)
                {
                    case > 5: C(); break;
                }
                """,
                "int n",
                Constants).Replace("{\n    A();\n}\n\n", "A();\n"));
    }

    [Fact]
    public void Switches_at_run_time_stay()
    {
        Sample.AssertText(
            """
            switch (n)
            {
                case 2:
                case 5:
                    A();
                    break;
                case > 6 when x:
                    return;
                default:
                    break;
            }
            """,
            Sample.Body(
                """
                switch (n)
                {
                    case Kind:
                    case Kind + 3:
                        A();
                        break;
                    case > Kind * 3 when x:
                        return;
                    default:
                        if (Yes) break;
                        C();
                        break;
                }
                """,
                "int n, bool x",
                Constants));
    }

    [Fact]
    public void Nothing_follows_a_jump()
    {
        Sample.AssertText(
            """
            for (var i = 0; i < n; i++)
            {
                A();
                continue;
            }

            if (x)
            {
                return;
            }
            else
            {
                throw new Exception();
            }
            """,
            Sample.Body(
                """
                for (var i = 0; i < n; i++)
                {
                    A();
                    if (Yes) continue;
                    B();
                }

                if (x)
                {
                    return;
                }
                else
                {
                    throw new Exception();
                }

                B();
                """,
                "int n, bool x",
                Constants));
    }

    [Fact]
    public void A_loop_that_lost_its_body_is_dropped_if_it_only_counts()
    {
        Sample.AssertText(
            """
            while (F())
            {
            }
            """,
            Sample.Body(
                """
                for (var i = 0; i < n; i++)
                {
                    if (No) A();
                }

                while (F())
                {
                    if (No) A();
                }
                """,
                "int n",
                Constants + "\n    public static bool F() => true;"));
    }

    [Fact]
    public void Types_decide_branches()
    {
        const string Members = """
                public static float Run(T* p)
                {
                    if (typeof(T) == typeof(float)) return ((float*)p)[0];
                    if (typeof(T) != typeof(int)) return sizeof(T);
                    return default(T) + Vector256<T>.Count;
                }
            """;
        var request = Sample.Request() with { Types = new Dictionary<string, string> { ["T"] = "System.Single" } };
        Sample.AssertText("public static float Run(System.Single* p)\n{\n    return ((float*)p)[0];\n}", Sample.Members(Members, request, "<[Specialize] T>"));
        request = request with { Types = new Dictionary<string, string> { ["T"] = "int" }, VectorBits = 512 };
        Sample.AssertText("public static float Run(int* p)\n{\n    return 16;\n}", Sample.Members(Members, request, "<[Specialize] T>"));
    }
}
