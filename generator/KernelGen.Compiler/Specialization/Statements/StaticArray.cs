using System.Globalization;

namespace KernelGen.Compiler.Specialization;

/// <summary>A <c>Static.Array</c> while it is being replaced by locals.</summary>
internal sealed class StaticArray
{
    private readonly StaticElement[] _elements;
    private readonly int _rank;

    /// <summary>Declares one local for each element.</summary>
    public StaticArray(string name, TypeRef elementType, int[] extents, NameScope names)
    {
        Name = name;
        ElementType = elementType;
        Extents = extents;
        _rank = extents.Length;
        _elements = new StaticElement[extents.Aggregate(1, (product, extent) => product * extent)];
        for (var i = 0; i < _elements.Length; i++)
        {
            var indices = _rank == 1 ? Print(i) : Print(i / extents[1]) + "_" + Print(i % extents[1]);
            _elements[i] = new StaticElement(names.DeclareElement(name, indices), elementType);
        }
    }

    public string Name { get; }

    public TypeRef ElementType { get; }

    public int[] Extents { get; }

    public IReadOnlyList<StaticElement> Elements => _elements;

    /// <summary>The element at constant indices, marked as used; null when there is none.</summary>
    public StaticElement? Use(IReadOnlyList<long> indices)
    {
        if (indices.Count != _rank) return null;
        long flat = 0;
        for (var i = 0; i < _rank; i++)
        {
            if (indices[i] < 0 || indices[i] >= Extents[i]) return null;
            flat = (flat * Extents[i]) + indices[i];
        }

        var element = _elements[flat];
        element.IsUsed = true;
        return element;
    }

    private static string Print(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One element: a local that is declared if something uses it.</summary>
internal sealed class StaticElement(string name, TypeRef type)
{
    public bool IsUsed { get; set; }

    public Residual Residual { get; } = Residual.Of(name, Precedence.Primary, type, isPure: true);

    /// <summary>The local's declaration, zeroed as the array is.</summary>
    public string Declaration
    {
        get
        {
            if (type.Primitive != Primitive.None) return $"{type.Text} {name} = {Zero(type.Primitive)};";
            if (type.IsPointer) return $"{type.Text} {name} = null;";
            var isVector = type.Text.StartsWith("Vector", StringComparison.Ordinal) && type.Text[type.Text.Length - 1] == '>';
            return isVector ? $"var {name} = {type.Text}.Zero;" : $"var {name} = default({type.Text});";
        }
    }

    private static string Zero(Primitive type) => type switch
    {
        Primitive.Bool => "false",
        Primitive.Single => "0f",
        Primitive.Double => "0.0",
        Primitive.Char => "'\\0'",
        _ => "0",
    };
}
