namespace KernelGen.Compiler.Specialization;

/// <summary>What to make of a template.</summary>
/// <param name="ClassName">Name of the emitted class.</param>
/// <param name="Values">A value for each <c>[Specialize]</c> constant, by name; what is absent keeps the template's own value.</param>
/// <param name="Types">A C# type for each <c>[Specialize]</c> type parameter, by name.</param>
public sealed record SpecializationRequest(
    string ClassName,
    IReadOnlyDictionary<string, ConstantValue> Values,
    IReadOnlyDictionary<string, string> Types)
{
    /// <summary>Width that replaces the template's <c>Vector256</c>: 128, 256 or 512 bits.</summary>
    public int VectorBits { get; init; } = 256;

    /// <summary>False only fills in constants and types: loops, arrays and branches stay as the template has them.</summary>
    public bool Specialize { get; init; } = true;

    /// <summary>Modifiers of the emitted class.</summary>
    public string Modifiers { get; init; } = "internal static unsafe";
}
