namespace KernelGen.Compiler.Specialization;

/// <summary>
/// A value known at specialisation. A variable one (unrolled loop, specialised parameter) is no constant to C#: it keeps
/// its type where C# would convert a literal, and its arithmetic wraps around where that of constants is an error.
/// </summary>
internal readonly record struct Known(ConstantValue Value, bool IsVariable)
{
    public Primitive Primitive => Value.Primitive;
}

/// <summary>The outcome of folding: a value, an error that C# would report too, or neither: the expression stays.</summary>
internal readonly record struct Folded(ConstantValue? Value, string? Error = null)
{
    public static readonly Folded Stays = default;

    public static implicit operator Folded(ConstantValue? value) => new(value);
}
