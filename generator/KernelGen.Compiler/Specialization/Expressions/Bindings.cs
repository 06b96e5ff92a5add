namespace KernelGen.Compiler.Specialization;

/// <summary>What a name of the template stands for at this point of the specialisation.</summary>
internal sealed class Binding
{
    /// <summary>A known value, or a local under the name it has in the specialised code.</summary>
    public Residual? Value { get; private init; }

    public StaticArray? Array { get; private init; }

    /// <summary>The type that a type parameter stands for.</summary>
    public string? TypeName { get; private init; }

    public static Binding Of(Residual value) => new() { Value = value };

    public static Binding Of(StaticArray array) => new() { Array = array };

    public static Binding OfType(string name) => new() { TypeName = name };

    public static Binding Local(string name, TypeRef? type = null) =>
        Of(Residual.Of(name, Precedence.Primary, type, isPure: true));
}

/// <summary>The names in scope, with C#'s nesting: an inner declaration hides an outer one until its block ends.</summary>
internal sealed class Bindings
{
    private readonly Dictionary<string, Binding> _current = [];
    private readonly Stack<(string Name, Binding? Previous)> _undo = new();

    /// <summary>Remembers the current state, for <see cref="Restore"/>.</summary>
    public int Mark() => _undo.Count;

    public void Restore(int mark)
    {
        while (_undo.Count > mark)
        {
            var (name, previous) = _undo.Pop();
            if (previous is null) _current.Remove(name);
            else _current[name] = previous;
        }
    }

    public Binding? Find(string name) => _current.TryGetValue(name, out var binding) ? binding : null;

    public void Set(string name, Binding binding)
    {
        _undo.Push((name, Find(name)));
        _current[name] = binding;
    }
}
