using System.Globalization;

namespace KernelGen.Compiler.Specialization;

/// <summary>Writes constants as C# expressions of exactly their type and value, as a person would.</summary>
internal static class ConstantPrinter
{
    /// <summary>The expression; one that starts with a sign or a cast has <see cref="Precedence.Unary"/>.</summary>
    public static (string Text, Precedence Precedence) Print(ConstantValue constant) => constant switch
    {
        BoolConstant c => (c.Value ? "true" : "false", Precedence.Primary),
        IntegralConstant c => PrintIntegral(c),
        FloatingConstant { Primitive: Primitive.Single } c => PrintFloating("float", (float)c.Value, c.Value, float.MinValue, float.MaxValue, float.Epsilon),
        FloatingConstant c => PrintFloating("double", null, c.Value, double.MinValue, double.MaxValue, double.Epsilon),
        EnumConstant c => PrintEnum(c),
        _ => throw new InvalidOperationException($"no such constant: {constant.GetType()}"),
    };

    /// <summary>The number alone, without the suffix or cast of its type: for places that convert it.</summary>
    public static string Plain(IntegralConstant constant) => constant.Value.ToString(CultureInfo.InvariantCulture);

    private static (string, Precedence) PrintIntegral(IntegralConstant constant)
    {
        var value = constant.Value;
        var digits = Plain(constant);
        var sign = value.Sign < 0 ? Precedence.Unary : Precedence.Primary;
        switch (constant.Type)
        {
            case Primitive.Int32:
                return value == int.MinValue ? ("int.MinValue", Precedence.Primary) : (digits, sign);
            case Primitive.UInt32:
                return (digits + "u", sign);
            case Primitive.Int64:
                return value == long.MinValue ? ("long.MinValue", Precedence.Primary) : (digits + "L", sign);
            case Primitive.UInt64:
                return (digits + "UL", sign);
            case Primitive.Char:
                return (PrintChar((char)(int)value), Precedence.Primary);
            default:
                // `nint` is no keyword: `(nint)-1` would be a subtraction.
                var operand = value.Sign < 0 && constant.Type.IsNative() ? "(" + digits + ")" : digits;
                return ("(" + constant.Type.Keyword() + ")" + operand, Precedence.Unary);
        }
    }

    private static string PrintChar(char value) => value switch
    {
        '\'' => "'\\''",
        '\\' => "'\\\\'",
        '\n' => "'\\n'",
        '\0' => "'\\0'",
        >= ' ' and <= '~' => "'" + value + "'",
        _ => "'\\u" + ((int)value).ToString("X4", CultureInfo.InvariantCulture) + "'",
    };

    private static (string, Precedence) PrintFloating(string keyword, float? single, double value, double least, double most, double epsilon)
    {
        if (double.IsNaN(value))
            return BitConverter.DoubleToInt64Bits(value) < 0 ? (keyword + ".NaN", Precedence.Primary) : ("-" + keyword + ".NaN", Precedence.Unary);
        if (double.IsPositiveInfinity(value)) return (keyword + ".PositiveInfinity", Precedence.Primary);
        if (double.IsNegativeInfinity(value)) return (keyword + ".NegativeInfinity", Precedence.Primary);
        if (value == most) return (keyword + ".MaxValue", Precedence.Primary);
        if (value == least) return (keyword + ".MinValue", Precedence.Primary);
        if (value == epsilon) return (keyword + ".Epsilon", Precedence.Primary);

        var negative = BitConverter.DoubleToInt64Bits(value) < 0;
        var digits = Tidy(single is { } s ? Shortest(Math.Abs(s)) : Shortest(Math.Abs(value)));
        if (single is not null) digits += "f";
        else if (digits.IndexOfAny(['.', 'e']) < 0) digits += ".0";
        return negative ? ("-" + digits, Precedence.Unary) : (digits, Precedence.Primary);
    }

    /// <summary>The fewest digits that read back as the same number.</summary>
    private static string Shortest(float value)
    {
        for (var digits = 1; ; digits++)
        {
            var text = value.ToString("G" + digits, CultureInfo.InvariantCulture);
            if (digits == 9 || float.Parse(text, CultureInfo.InvariantCulture) == value) return text;
        }
    }

    private static string Shortest(double value)
    {
        for (var digits = 1; ; digits++)
        {
            var text = value.ToString("G" + digits, CultureInfo.InvariantCulture);
            if (digits == 17 || double.Parse(text, CultureInfo.InvariantCulture) == value) return text;
        }
    }

    /// <summary><c>1E-05</c> becomes <c>1e-5</c>, <c>1E+20</c> becomes <c>1e20</c>, <c>1.2E+03</c> becomes <c>1200</c>.</summary>
    private static string Tidy(string text)
    {
        var e = text.IndexOf('E');
        if (e < 0) return text;
        var exponent = int.Parse(text.Substring(e + 1), CultureInfo.InvariantCulture);
        var point = text.IndexOf('.');
        var digits = text.Substring(0, e).Replace(".", "");
        var integerZeros = exponent - (point < 0 ? 0 : digits.Length - 1);
        return exponent is > 0 and < 9 && integerZeros >= 0
            ? digits + new string('0', integerZeros)
            : text.Substring(0, e) + "e" + exponent.ToString(CultureInfo.InvariantCulture);
    }

    private static (string, Precedence) PrintEnum(EnumConstant constant)
    {
        if (constant.Type.MemberOf(constant.Value) is { } member) return (constant.Type.Name + "." + member, Precedence.Primary);
        var number = constant.Value.ToString(CultureInfo.InvariantCulture);
        return ("(" + constant.Type.Name + ")" + (constant.Value.Sign < 0 ? "(" + number + ")" : number), Precedence.Unary);
    }
}
