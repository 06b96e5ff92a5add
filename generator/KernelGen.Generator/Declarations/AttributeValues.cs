using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Declarations;

/// <summary>The named arguments of an attribute. What the compiler could not bind makes the attribute broken, which is the compiler's to report.</summary>
internal sealed class AttributeValues
{
    private readonly ImmutableArray<KeyValuePair<string, TypedConstant>> _arguments;

    public AttributeValues(AttributeData attribute) => _arguments = attribute.NamedArguments;

    /// <summary>Whether a value that was asked for is not of its type.</summary>
    public bool IsBroken { get; private set; }

    public int Int(string name, int absent = 0) => Value(name, absent);

    public float Float(string name) => Value(name, 0f);

    public bool Bool(string name, bool absent) => Value(name, absent);

    public TEnum Enum<TEnum>(string name)
        where TEnum : struct, Enum => (TEnum)System.Enum.ToObject(typeof(TEnum), Value(name, 0));

    /// <summary>The numbers of an array; null where the program says null.</summary>
    public IReadOnlyList<int>? Ints(string name, params int[] absent)
    {
        if (Find(name) is not { } argument) return absent;
        if (argument.Kind != TypedConstantKind.Array) return Broken<IReadOnlyList<int>>([]);
        if (argument.IsNull) return null;
        var numbers = argument.Values.Select(element => element.Kind == TypedConstantKind.Primitive ? element.Value as int? : null).ToArray();
        return numbers.Contains(null) ? Broken<IReadOnlyList<int>>([]) : numbers.Select(number => number!.Value).ToArray();
    }

    private T Value<T>(string name, T absent)
        where T : struct
    {
        if (Find(name) is not { } argument) return absent;
        var isScalar = argument.Kind is TypedConstantKind.Primitive or TypedConstantKind.Enum;
        return isScalar && argument.Value is T value ? value : Broken(absent);
    }

    private TypedConstant? Find(string name)
    {
        foreach (var argument in _arguments)
        {
            if (argument.Key == name) return argument.Value;
        }

        return null;
    }

    private T Broken<T>(T instead)
    {
        IsBroken = true;
        return instead;
    }
}
