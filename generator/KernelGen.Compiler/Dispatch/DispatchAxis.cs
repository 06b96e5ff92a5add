using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Dispatch;

/// <summary>A property of a declaration that the arguments of a call tell, and that variants differ in.</summary>
/// <param name="Name">Name of the attribute's property.</param>
/// <param name="Type">Its C# type.</param>
/// <param name="Documentation">What it is.</param>
/// <param name="Value">A variant's value, as C#.</param>
internal sealed record DispatchAxis(string Name, string Type, string Documentation, Func<IKernelSpec, string> Value)
{
    /// <summary>The property of a call that tells it.</summary>
    public string CallProperty { get; init; } = Name;

    /// <summary>The value, as C#, that a declaration leaves out; null if it always states one.</summary>
    public string? Omitted { get; init; }

    /// <summary>Whether <c>Select</c> takes <see cref="Omitted"/> for a caller who states nothing.</summary>
    public bool IsOptional { get; init; }

    /// <summary>The name of a parameter that holds it.</summary>
    public string Parameter => char.ToLowerInvariant(Name[0]) + Name.Substring(1);

    /// <summary>The axis of a whole number.</summary>
    public static DispatchAxis Int(string name, string documentation, Func<IKernelSpec, int> value) => new(name, "int", documentation, spec => $"{value(spec)}");

    /// <summary>The axis of a truth value, which declarations leave out when it is false.</summary>
    public static DispatchAxis Bool(string name, string documentation, Func<IKernelSpec, bool> value) =>
        new(name, "bool", documentation, spec => value(spec) ? "true" : "false") { Omitted = "false" };

    /// <summary>The axis of an enumeration of KernelGen's, which declarations leave out when it is the first value.</summary>
    public static DispatchAxis Enum<TEnum>(string name, string documentation, Func<IKernelSpec, TEnum> value)
        where TEnum : struct, System.Enum => new(name, $"global::KernelGen.{typeof(TEnum).Name}", documentation, spec => Literal(value(spec))) { Omitted = Literal(default(TEnum)) };

    /// <summary>A value of one of KernelGen's enumerations, as C#.</summary>
    public static string Literal<TEnum>(TEnum value)
        where TEnum : struct, System.Enum => $"global::KernelGen.{typeof(TEnum).Name}.{value}";

    /// <summary>The part of a missing declaration's text that states a value which may be left out, as a C# expression.</summary>
    public string MissingText => Type == "bool" ? $"({Parameter} ? \", {Name} = true\" : \"\")"
        : Type == "int" ? $"({Parameter} == {Omitted} ? \"\" : $\", {Name} = {{{Parameter}}}\")"
        : $"({Parameter} == {Omitted} ? \"\" : $\", {Name} = {Type.Substring(Type.LastIndexOf('.') + 1)}.{{{Parameter}}}\")";
}
