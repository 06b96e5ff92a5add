namespace KernelGen.Compiler.Specialization;

/// <summary>How tightly an expression binds, loosest first.</summary>
internal enum Precedence
{
    Assignment,
    Conditional,
    Coalesce,
    OrElse,
    AndAlso,
    Or,
    Xor,
    And,
    Equality,
    Relational,
    Shift,
    Additive,
    Multiplicative,
    Switch,
    Range,
    Unary,
    Primary,
}

/// <summary>What specialising an expression leaves: a known value, or C# text with what is known of it.</summary>
internal sealed class Residual
{
    private string? _text;
    private Precedence _precedence;

    private Residual()
    {
    }

    /// <summary>The value, where it is known.</summary>
    public Known? Known { get; private init; }

    public ConstantValue? Constant => Known?.Value;

    /// <summary>The expression's C# type, where known.</summary>
    public TypeRef? Type { get; private init; }

    /// <summary>No effects and no faults: the expression may be dropped.</summary>
    public bool IsPure { get; private init; }

    /// <summary>The template had parentheses around it.</summary>
    public bool WasParenthesized { get; private init; }

    /// <summary>For <c>x + c</c> and <c>x − c</c> with a known integer: x and the signed c, so that sums of constants meet.</summary>
    public (Residual Base, long Offset)? Sum { get; private init; }

    /// <summary>For a widening cast to <c>nint</c> or <c>long</c>, its operand: an offset of a pointer needs no cast.</summary>
    public Residual? Narrow { get; private init; }

    public string Text
    {
        get
        {
            Print();
            return _text!;
        }
    }

    public Precedence Precedence
    {
        get
        {
            Print();
            return _precedence;
        }
    }

    public Primitive Primitive => Type?.Primitive ?? Primitive.None;

    public static Residual Of(string text, Precedence precedence = Precedence.Primary, TypeRef? type = null, bool isPure = false) =>
        new() { _text = text, _precedence = precedence, Type = type, IsPure = isPure };

    public static Residual OfSum(string text, TypeRef? type, Residual start, long offset) =>
        new() { _text = text, _precedence = Precedence.Additive, Type = type, IsPure = start.IsPure, Sum = (start, offset) };

    /// <summary>An integer that keeps its value in a wider type.</summary>
    public static Residual Widened(Residual operand, TypeRef type) => new()
    {
        _text = "(" + type.Text + ")" + operand.At(Precedence.Unary),
        _precedence = Precedence.Unary,
        Type = type,
        IsPure = operand.IsPure,
        Narrow = operand.Type?.Primitive is Primitive.UInt32 ? null : operand,
    };

    /// <summary>A known value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="isVariable">Not a constant in C#'s sense.</param>
    /// <param name="spelling">How the template writes it, to be kept: <c>0x7F</c>, <c>int.MaxValue</c>.</param>
    public static Residual Of(ConstantValue value, bool isVariable = false, string? spelling = null) => new()
    {
        Known = new Known(value, isVariable),
        _text = spelling,
        _precedence = Precedence.Primary,
        Type = value is EnumConstant e ? TypeRef.Of(e.Type.Name) : TypeRef.Of(value.Primitive),
        IsPure = true,
    };

    /// <summary>The text, in parentheses if it binds more loosely than <paramref name="least"/>.</summary>
    public string At(Precedence least) => Precedence < least ? "(" + Text + ")" : Text;

    public Residual Parenthesized() => new()
    {
        Known = Known,
        _text = _text,
        _precedence = _precedence,
        Type = Type,
        IsPure = IsPure,
        WasParenthesized = true,
        Sum = Sum,
    };

    /// <summary>The same value, marked as no constant of C#.</summary>
    public Residual AsVariable() => Known is { IsVariable: false } known ? Of(known.Value, isVariable: true, _text) : this;

    private void Print()
    {
        if (_text is null) (_text, _precedence) = ConstantPrinter.Print(Constant!);
    }
}
