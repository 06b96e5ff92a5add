namespace KernelGen.Compiler.Specialization;

/// <summary>A value known at specialisation: what a spec gives to a template and what folding computes with.</summary>
public abstract record ConstantValue
{
    /// <summary>A C# <c>int</c>.</summary>
    public static ConstantValue From(int value) => throw new NotImplementedException();

    /// <summary>A C# <c>float</c>.</summary>
    public static ConstantValue From(float value) => throw new NotImplementedException();

    /// <summary>A C# <c>bool</c>.</summary>
    public static ConstantValue From(bool value) => throw new NotImplementedException();

    /// <summary>An enumeration member: written as <c>Type.Member</c>, folded by its number.</summary>
    public static ConstantValue From(Enum value) => throw new NotImplementedException();
}
