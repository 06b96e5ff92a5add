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
            _elements[i] = new StaticElement(names.DeclareElement(name, indices), elementType, names);
        }
    }

    public string Name { get; }

    public TypeRef ElementType { get; }

    public int[] Extents { get; }

    public IReadOnlyList<StaticElement> Elements => _elements;

    /// <summary>The element at constant indices; null when there is none.</summary>
    public StaticElement? At(IReadOnlyList<long> indices)
    {
        if (indices.Count != _rank) return null;
        long flat = 0;
        for (var i = 0; i < _rank; i++)
        {
            if (indices[i] < 0 || indices[i] >= Extents[i]) return null;
            flat = (flat * Extents[i]) + indices[i];
        }

        return _elements[flat];
    }

    private static string Print(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One element: a local that is declared if something uses it.</summary>
internal sealed class StaticElement(string name, TypeRef type, NameScope block)
{
    /// <summary>How often specialised code mentions the element.</summary>
    public int Uses { get; set; }

    /// <summary>Whether the first statement that mentions it declares it: no zero is needed.</summary>
    public bool IsDeclaredByAssignment { get; set; }

    /// <summary>The block that the array was declared in.</summary>
    public NameScope Block { get; } = block;

    public bool NeedsDeclaration => Uses > 0 && !IsDeclaredByAssignment;

    /// <summary>The type as the declaration writes it.</summary>
    public string DeclaredType => type.Primitive != Primitive.None || type.IsPointer || !IsVector ? type.Text : "var";

    public Residual Residual { get; } = Residual.Of(name, Precedence.Primary, type, isPure: true);

    /// <summary>The local's declaration, zeroed as the array is.</summary>
    public string Declaration
    {
        get
        {
            if (type.Primitive != Primitive.None) return $"{type.Text} {name} = {Zero(type.Primitive)};";
            if (type.IsPointer) return $"{type.Text} {name} = null;";
            return IsVector ? $"var {name} = {type.Text}.Zero;" : $"var {name} = default({type.Text});";
        }
    }

    private bool IsVector => type.Text.StartsWith("Vector", StringComparison.Ordinal) && type.Text[type.Text.Length - 1] == '>';

    private static string Zero(Primitive type) => type switch
    {
        Primitive.Bool => "false",
        Primitive.Single => "0f",
        Primitive.Double => "0.0",
        Primitive.Char => "'\\0'",
        _ => "0",
    };
}
