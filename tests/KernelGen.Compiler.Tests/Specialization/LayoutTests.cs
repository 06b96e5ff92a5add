namespace KernelGen.Compiler.Tests;

/// <summary>The template's comments, line breaks and statement groups survive.</summary>
public class LayoutTests
{
    [Fact]
    public void Comments_are_kept_once()
    {
        Sample.AssertText(
            """
            // Above the loop.
            // Above the first statement.
            A(0); // behind it
            B(0);
            A(1);
            B(1);

            /* A block
               comment. */
            if (x) // why
            {
                C();
                // at the end
            }

            // last
            """,
            Sample.Body(
                """
                // Above the loop.
                foreach (var r in Static.Range(2))
                {
                    // Above the first statement.
                    A(r); // behind it
                    B(/* inner */ r);
                }

                /* A block
                   comment. */
                if (x) // why
                {
                    C();
                    // at the end
                }

                // goes with its statement
                if (false) C();

                // last
                """,
                "bool x").Replace("B(/* inner */ 0)", "B(0)"));
    }

    [Fact]
    public void Line_breaks_of_long_statements_are_reindented()
    {
        Sample.AssertText(
            """
            y[0] = Call(
                p + i,
                first: p[i]
                    + p[4]);
            var text = x
                ? "yes"
                : "no";
            """,
            Sample.Body(
                """
                if (true)
                {
                    foreach (var r in Static.Range(1))
                    {
                        y[r] = Call(
                            p + i,
                            first: p[i]
                                + p[r + 4]);
                        var text = x
                            ? "yes"
                            : "no";
                    }
                }
                """,
                "float* p, float* y, int i, bool x"));
    }

    [Fact]
    public void Embedded_statements_keep_their_form_where_they_can()
    {
        Sample.AssertText(
            """
            for (var i = 0; i < n; i++)
                A(i);
            for (var i = 0; i < n; i++)
            {
                A(0);
                A(1);
            }

            for (var i = 0; i < n; i++)
            {
                if (i > 3) A(i);
            }

            while (x) A(1);
            do
            {
                A(2);
            }
            while (x);
            fixed (int* p = a)
            fixed (int* q = b)
            {
                A(*p + *q);
            }
            """,
            Sample.Body(
                """
                for (var i = 0; i < n; i++)
                    A(i);
                for (var i = 0; i < n; i++)
                    foreach (var r in Static.Range(2))
                        A(r);

                for (var i = 0; i < n; i++)
                    if (i > 3) A(i);

                while (x) A(1);
                do
                {
                    A(2);
                }
                while (x);
                fixed (int* p = a)
                fixed (int* q = b)
                {
                    A(*p + *q);
                }
                """,
                "int n, bool x, int[] a, int[] b"));
    }

    [Fact]
    public void Statements_of_every_kind_are_written()
    {
        const string Body = """
            int a = 1, b = n;
            var (c, d) = (a, b);
            (a, b) = (b, a);
            int[] array = { 1, 2, n };
            using (var s = Open())
            {
                s.Read();
            }

            using var t = Open();
            lock (t)
            {
                a++;
            }

            try
            {
                Risky();
            }
            catch (InvalidOperationException e) when (e.Message.Length > 3)
            {
                throw;
            }
            catch
            {
                goto done;
            }
            finally
            {
                a--;
            }

            checked
            {
                a += b;
            }

            foreach (var item in array)
                Use(item, array[^1], array[1..]);
            Span<int> span = stackalloc int[4];
            Func<int, int> f = static x =>
            {
                return x + 1;
            };
            done:
            Use(span, f, c, d, $"{a,3:x}", @"multi
              line", a is > 3 and not 5, t!.Value ?? 0, new int[2, 3], new(1), default);
            """;
        Sample.AssertText(Body, Sample.Body(Body, "int n"));
    }
}
