namespace KernelGen.Compiler.Tests;

/// <summary>Loops over <c>Static.Range</c> and arrays of <c>Static.Array</c>.</summary>
public class UnrollingTests
{
    private const string Constants = "    const int Rows = 2; const int Cols = 3;";

    [Theory]
    [InlineData("3", "0 1 2")]
    [InlineData("1, 4", "1 2 3")]
    [InlineData("1, 8, 3", "1 4 7")]
    [InlineData("step: 2, start: -2, end: 2", "-2 0")]
    [InlineData("5, 5", "")]
    [InlineData("Rows * Cols - 4", "0 1")]
    public void Ranges(string arguments, string expected)
    {
        var copies = expected.Length == 0 ? "" : string.Join("\n", expected.Split(' ').Select(value => $"Use({value});"));
        Assert.Equal(copies.Length == 0 ? "End();" : copies + "\nEnd();", Sample.Body($"foreach (var r in Static.Range({arguments})) Use(r);\nEnd();", "", Constants));
    }

    [Fact]
    public void Locals_of_the_copies_are_named_by_their_values()
    {
        Sample.AssertText(
            """
            var w0 = p[0];
            var x0_0 = w0 * p[0];
            y[0] += x0_0;
            var x0_1 = w0 * p[1];
            y[1] += x0_1;
            var x0_2 = w0 * p[2];
            y[2] += x0_2;

            var w1 = p[1];
            var x1_0 = w1 * p[0];
            y[0] += x1_0;
            var x1_1 = w1 * p[1];
            y[1] += x1_1;
            var x1_2 = w1 * p[2];
            y[2] += x1_2;
            """,
            Sample.Body(
                """
                foreach (var r in Static.Range(Rows))
                {
                    var w = p[r];
                    foreach (var t in Static.Range(Cols))
                    {
                        var x = w * p[t];
                        y[t] += x;
                    }
                }
                """,
                "float* p, float* y",
                Constants));
    }

    [Fact]
    public void A_loop_with_one_copy_needs_no_new_names() =>
        Sample.AssertText("var w = p[0];\nUse(w);", Sample.Body("foreach (var r in Static.Range(1))\n{\n    var w = p[r];\n    Use(w);\n}", "float* p"));

    [Fact]
    public void Names_in_blocks_that_stay_are_kept()
    {
        Sample.AssertText(
            """
            if (n > 0)
            {
                var w = p[0];
                Use(w);
            }

            if (n > 1)
            {
                var w = p[1];
                Use(w);
            }
            """,
            Sample.Body(
                """
                foreach (var r in Static.Range(Rows))
                {
                    if (n > r)
                    {
                        var w = p[r];
                        Use(w);
                    }
                }
                """,
                "int n, float* p",
                Constants));
    }

    [Fact]
    public void Static_break_and_continue_end_copies()
    {
        Sample.AssertText(
            """
            Use(0);
            Use(2);
            Use(3);

            End();
            """,
            Sample.Body(
                """
                foreach (var r in Static.Range(9))
                {
                    if (r == 1) continue;
                    if (r == 4) break;
                    switch (r)
                    {
                        case 7: continue;
                        default: break;
                    }

                    Use(r);
                }

                End();
                """));
    }

    [Fact]
    public void Jumps_of_inner_loops_are_theirs()
    {
        Sample.AssertText(
            """
            for (;;)
            {
                if (n > 0) break;
            }

            for (;;)
            {
                if (n > 1) break;
            }
            """,
            Sample.Body("foreach (var r in Static.Range(2))\n{\n    for (;;)\n    {\n        if (n > r) break;\n    }\n}", "int n"));
    }

    [Fact]
    public void A_return_in_a_copy_ends_the_method() =>
        Sample.AssertText("Use(0);\nreturn;", Sample.Body("foreach (var r in Static.Range(3))\n{\n    Use(r);\n    return;\n}\n\nUse(9);"));

    [Fact]
    public void Arrays_become_locals()
    {
        Sample.AssertText(
            """
            var sum0 = Vector256<float>.Zero;
            var sum1 = Vector256<float>.Zero;
            int count1_2 = 0;
            for (var i = 0; i < n; i++)
            {
                sum0 += Load(i);
                count1_2++;
                Fill(ref sum1, out count1_2);
            }

            byte first0 = p[0];
            Use(sum0, sum1, count1_2, first0, 2, 6, 3);
            """,
            Sample.Body(
                """
                var sum = Static.Array<Vector256<float>>(Rows);
                var count = Static.Array<int>(Rows, Cols);
                for (var i = 0; i < n; i++)
                {
                    sum[0] += Load(i);
                    count[1, Cols - 1]++;
                    Fill(ref sum[1], out count[1, 2]);
                }

                var first = Static.Array<byte>(1);
                first[0] = p[0];
                Use(sum[0], sum[1], count[1, 2], first[0], sum.Length, count.Length, count.GetLength(1));
                """,
                "int n, byte* p",
                Constants));
    }

    [Fact]
    public void Elements_that_nothing_mentions_are_not_declared() =>
        Sample.AssertText("float a1 = 0f;\nUse(ref a1);", Sample.Body("var a = Static.Array<float>(3);\nUse(ref a[1]);"));

    [Fact]
    public void The_first_assignment_declares_only_where_it_always_runs()
    {
        Sample.AssertText(
            """
            float a0 = 0f;
            float a1 = p[1];
            if (x) a0 = p[0];
            Use(a0, a1);
            """,
            Sample.Body("var a = Static.Array<float>(2);\nif (x) a[0] = p[0];\na[1] = p[1];\nUse(a[0], a[1]);", "float* p, bool x")
                .Replace("if (x) a0 = p[0];\nfloat a1 = p[1];", "float a1 = p[1];\nif (x) a0 = p[0];"));
    }

    [Fact]
    public void An_array_of_an_array_s_own_old_value_stays_declared_as_zero() =>
        Sample.AssertText("float a0 = 0f;\na0 = a0 + 1f;\nUse(a0);", Sample.Body("var a = Static.Array<float>(1);\na[0] = a[0] + 1f;\nUse(a[0]);"));
}
