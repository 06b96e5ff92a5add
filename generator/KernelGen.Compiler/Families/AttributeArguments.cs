namespace KernelGen.Compiler.Families;

/// <summary>The named arguments of a declaring attribute, wherever they were read: from source by Roslyn or from an assembly's metadata.</summary>
public sealed class AttributeArguments
{
    private readonly Dictionary<string, object?> _values = [];

    /// <summary>Takes the arguments that are set: numbers, truth values, an enumeration's number, or an array of objects. Of two with one name, the first counts.</summary>
    public AttributeArguments(IEnumerable<(string Name, object? Value)> arguments)
    {
        foreach (var (name, value) in arguments)
        {
            if (!_values.ContainsKey(name)) _values.Add(name, value);
        }
    }

    /// <summary>Whether a value that was asked for is not of its type. What does not bind is the C# compiler's to report.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>A whole number.</summary>
    public int Int(string name, int absent = 0) => Value(name, absent);

    /// <summary>A floating-point number, 0 if it is absent.</summary>
    public float Float(string name) => Value(name, 0f);

    /// <summary>A truth value.</summary>
    public bool Bool(string name, bool absent = false) => Value(name, absent);

    /// <summary>A value of an enumeration, its first if it is absent. The number need not be one that the enumeration names.</summary>
    public TEnum Enum<TEnum>(string name)
        where TEnum : struct, Enum => (TEnum)System.Enum.ToObject(typeof(TEnum), Value(name, 0));

    /// <summary>The numbers of an array; null where the program says null.</summary>
    public IReadOnlyList<int>? Ints(string name, params int[] absent)
    {
        if (!_values.TryGetValue(name, out var value)) return absent;
        if (value is null) return null;
        return value is object?[] elements && elements.All(element => element is int) ? elements.Cast<int>().ToArray() : Broken<IReadOnlyList<int>>([]);
    }

    private T Value<T>(string name, T absent)
        where T : struct => !_values.TryGetValue(name, out var value) ? absent : value is T found ? found : Broken(absent);

    private T Broken<T>(T instead)
    {
        IsBroken = true;
        return instead;
    }
}
