using System.Numerics;

namespace KernelGen.Compiler.Specialization;

/// <summary>Framework functions whose value at known arguments is known: <c>Math.Min/Max/Abs</c> and <c>BitOperations</c>' bit counts.</summary>
internal static class IntrinsicFolder
{
    /// <summary>The value of <c>type.method(arguments)</c>; null when it is not one of the folded functions or the arguments do not suit.</summary>
    public static ConstantValue? TryFold(string type, string method, IReadOnlyList<Known> arguments) => (type, arguments.Count) switch
    {
        ("Math", 1) when method == "Abs" => Abs(arguments[0].Value),
        ("Math", 2) when method is "Min" or "Max" => MinMax(arguments[0], arguments[1], method == "Max"),
        ("BitOperations", 1) when arguments[0].Value is IntegralConstant c => Bits(method, c),
        _ => null,
    };

    private static ConstantValue? Abs(ConstantValue value) => value switch
    {
        // Math.Abs keeps the narrow types: Abs(short) is a short.
        IntegralConstant { Type: not Primitive.Char } c when c.Type.IsSigned() && c.Type.Holds(BigInteger.Abs(c.Value)) =>
            new IntegralConstant(c.Type, BigInteger.Abs(c.Value)),
        FloatingConstant c when !double.IsNaN(c.Value) => FloatingConstant.Of(c.Primitive, Math.Abs(c.Value)),
        _ => null,
    };

    private static ConstantValue? MinMax(Known x, Known y, bool max)
    {
        // Two operands of one narrow type choose the overload of that type, which has no arithmetic and so no promotion.
        var type = x.Primitive == y.Primitive ? x.Primitive : ConstantFolder.Promote(x.Primitive, x, y.Primitive, y);
        if (!type.IsNumeric() || x.Value is EnumConstant || y.Value is EnumConstant) return null;
        if (x.Primitive == Primitive.Char || y.Primitive == Primitive.Char) return null;
        var a = ConstantConversion.Cast(x.Value, type, wrap: false, out _);
        var b = ConstantConversion.Cast(y.Value, type, wrap: false, out _);
        return (a, b) switch
        {
            (IntegralConstant i, IntegralConstant j) => (i.Value > j.Value) == max ? i : j,
            (FloatingConstant f, FloatingConstant g) when !double.IsNaN(f.Value) && !double.IsNaN(g.Value) && (f.Value != 0 || g.Value != 0) =>
                (f.Value > g.Value) == max ? f : g,
            _ => null,
        };
    }

    private static ConstantValue? Bits(string method, IntegralConstant argument)
    {
        var width = argument.Type is Primitive.Int64 or Primitive.UInt64 ? 64 : 32;
        var signedOverload = method is "TrailingZeroCount" or "IsPow2";
        if (argument.Type.IsNative() || (argument.Value.Sign < 0 && !signedOverload)) return null;
        var value = argument.Value.Sign < 0 ? argument.Value + (BigInteger.One << width) : argument.Value;
        return method switch
        {
            "Log2" => ConstantValue.From(Log2(value)),
            "PopCount" => ConstantValue.From(PopCount(value)),
            "TrailingZeroCount" => ConstantValue.From(value.IsZero ? width : PopCount((value & -value) - 1)),
            "IsPow2" => ConstantValue.From(argument.Value.Sign > 0 && value.IsPowerOfTwo),
            _ => null,
        };
    }

    private static int Log2(BigInteger value)
    {
        var log = 0;
        while ((value >>= 1).Sign > 0) log++;
        return log;
    }

    private static int PopCount(BigInteger value)
    {
        var count = 0;
        for (; value.Sign > 0; value >>= 1)
            if (!value.IsEven) count++;
        return count;
    }
}
