namespace KernelGen.Compiler.Tests;

/// <summary>Integers and pointers are simplified, floats never.</summary>
public class SimplificationTests
{
    [Theory]
    [InlineData("p + 0 * s", "p")]
    [InlineData("p + 1 * s", "p + s")]
    [InlineData("p + 2 * s", "p + 2 * s")]
    [InlineData("p + (nint)0 * s + i", "p + i")]
    [InlineData("p + (nint)3 * s", "p + 3 * s")]
    [InlineData("p + (nint)3", "p + 3")]
    [InlineData("p + 3 + 4", "p + 7")]
    [InlineData("p + 3 - 3", "p")]
    [InlineData("i + 1 + 2", "i + 3")]
    [InlineData("i - 1 - 2", "i - 3")]
    [InlineData("1 + i + 2", "i + 3")]
    [InlineData("i + -2", "i - 2")]
    [InlineData("p[0 + 3]", "p[3]")]
    [InlineData("p[i + 0]", "p[i]")]
    [InlineData("p[(nint)5]", "p[5]")]
    [InlineData("i * 1 / 1 << 0", "i")]
    [InlineData("0 * i", "0")]
    [InlineData("0 * s", "(nint)0")]
    [InlineData("0 * F()", "0 * F()")]
    [InlineData("i + 0L", "(long)i")]
    [InlineData("b + 0", "(int)b")]
    [InlineData("checked(i + 1 + 2)", "checked(i + 1 + 2)")]
    [InlineData("i + int.MaxValue + 1", "i + int.MaxValue + 1")]
    [InlineData("x + 0", "x + 0")]
    [InlineData("x * 1", "x * 1")]
    [InlineData("0 * x", "0 * x")]
    [InlineData("x + 1 + 2", "x + 1 + 2")]
    [InlineData("unknown + 0", "unknown + 0")]
    [InlineData("(p + i) + 8", "p + i + 8")]
    [InlineData("(float*)p + 1", "p + 1")]
    [InlineData("(int)i + 1", "i + 1")]
    public void Expressions(string expression, string expected) =>
        Assert.Equal(expected, Sample.Expression(expression, "float* p, nint s, int i, byte b, float x", "    public static int F() => 1;"));

    [Theory]
    [InlineData("(a + b) * c", "(a + b) * c")]
    [InlineData("(a * b) + c", "a * b + c")]
    [InlineData("a - (b - c)", "a - (b - c)")]
    [InlineData("a - (b * c)", "a - b * c")]
    [InlineData("(a >> 3) & 7", "(a >> 3) & 7")]
    [InlineData("((a))", "a")]
    [InlineData("-(-a)", "-(-a)")]
    [InlineData("a - (-3)", "a + 3")]
    [InlineData("-(a + b)", "-(a + b)")]
    [InlineData("(a < b) == (b < c)", "a < b == b < c")]
    [InlineData("(a < b && b < c) || a == c", "(a < b && b < c) || a == c")]
    [InlineData("a < b && (b < c || a == c)", "a < b && (b < c || a == c)")]
    [InlineData("(a < b ? a : b) + c", "(a < b ? a : b) + c")]
    [InlineData("(nint)(-a)", "(nint)(-a)")]
    [InlineData("(a + b).ToString()", "(a + b).ToString()")]
    [InlineData("(F)(a)", "(F)a")]
    [InlineData("F((a < b), c > (a))", "F((a < b), c > a)")]
    public void Parentheses(string expression, string expected) => Assert.Equal(expected, Sample.Expression(expression, "int a, int b, int c"));

    [Fact]
    public void Steps_of_zero_vanish() =>
        Sample.AssertText("Use(p);", Sample.Body("p += 0 * s;\nUse(p);", "float* p, nint s"));
}
