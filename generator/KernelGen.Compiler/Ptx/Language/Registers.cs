namespace KernelGen.Compiler.Ptx;

/// <summary>A register of 16 bits.</summary>
internal readonly record struct B16(string Name)
{
    /// <inheritdoc/>
    public override string ToString() => $"%{Name}";
}

/// <summary>A register of 32 bits.</summary>
internal readonly record struct B32(string Name)
{
    /// <inheritdoc/>
    public override string ToString() => $"%{Name}";
}

/// <summary>A register of 64 bits: an address or an offset.</summary>
internal readonly record struct B64(string Name)
{
    /// <inheritdoc/>
    public override string ToString() => $"%{Name}";
}

/// <summary>A register in single precision.</summary>
internal readonly record struct F32(string Name)
{
    /// <inheritdoc/>
    public override string ToString() => $"%{Name}";
}

/// <summary>A predicate.</summary>
internal readonly record struct Pred(string Name)
{
    /// <summary>The predicate's opposite, as a condition.</summary>
    public static Condition operator !(Pred predicate) => new(predicate, true);

    /// <inheritdoc/>
    public override string ToString() => $"%{Name}";
}

/// <summary>A predicate or its opposite.</summary>
internal readonly record struct Condition(Pred Predicate, bool IsNegated)
{
    /// <summary>A predicate is a condition.</summary>
    public static implicit operator Condition(Pred predicate) => new(predicate, false);

    /// <summary>The opposite.</summary>
    public static Condition operator !(Condition condition) => condition with { IsNegated = !condition.IsNegated };

    /// <inheritdoc/>
    public override string ToString() => IsNegated ? $"!{Predicate}" : Predicate.ToString();
}

/// <summary>Registers that an instruction has as one operand.</summary>
internal static class Vector
{
    /// <summary>The registers in braces.</summary>
    public static string Of<T>(IEnumerable<T> registers) => $"{{{string.Join(", ", registers)}}}";

    /// <summary>The width of a load or store of so many registers, such as <c>.v4</c>; nothing for one.</summary>
    public static string Width(int count) => count == 1 ? "" : $".v{count}";

    /// <summary>The registers of a load or store: braces where there are several.</summary>
    public static string Operand<T>(IReadOnlyList<T> registers) => registers.Count == 1 ? $"{registers[0]}" : Of(registers);
}
