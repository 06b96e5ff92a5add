namespace KernelGen.Compiler.Specialization;

/// <summary>
/// The names of one block of specialised code. Unrolling and flattening put locals of many template blocks into one: a name
/// that C# would not allow there, or that would hide a member, is replaced by a readable new one.
/// </summary>
internal sealed class NameScope(NameScope? parent, KernelTemplate template)
{
    private readonly HashSet<string> _declared = [];
    private readonly List<string> _copies = [];
    private HashSet<string>? _below;

    /// <summary>Opens the scope of a nested block.</summary>
    public NameScope Open() => new(this, template);

    /// <summary>Ends the scope; its names stay forbidden for locals that the parent declares later.</summary>
    public void Close()
    {
        var below = parent!._below ??= [];
        below.UnionWith(_declared);
        if (_below is not null) below.UnionWith(_below);
    }

    /// <summary>Enters one copy of an unrolled body that is written directly into this block.</summary>
    public void EnterCopy(int value) => _copies.Add(value < 0 ? "m" + -(long)value : value.ToString(System.Globalization.CultureInfo.InvariantCulture));

    public void LeaveCopy() => _copies.RemoveAt(_copies.Count - 1);

    /// <summary>Declares a local of the template and returns the name it gets here.</summary>
    public string Declare(string name)
    {
        if (_copies.Count == 0 && !Clashes(name) && !template.Members.Has(name) && _declared.Add(name)) return name;
        return DeclareNew(name, string.Join("_", _copies));
    }

    /// <summary>Declares a parameter, whose name stays.</summary>
    public void DeclareParameter(string name) => _declared.Add(name);

    /// <summary>Declares an element of a static array: the array's name and the indices.</summary>
    public string DeclareElement(string name, string indices) =>
        DeclareNew(name, _copies.Count == 0 ? indices : string.Join("_", _copies) + "_" + indices);

    private string DeclareNew(string name, string suffix)
    {
        if (suffix.Length > 0)
        {
            var bare = name.TrimStart('@');
            var candidate = char.IsDigit(bare[bare.Length - 1]) ? bare + "_" + suffix : bare + suffix;
            if (TryDeclare(candidate)) return candidate;
            if (TryDeclare(bare + "_" + suffix)) return bare + "_" + suffix;
            name = bare + "_" + suffix + "_";
        }

        for (var i = 2; ; i++)
        {
            var candidate = name.TrimStart('@') + i.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (TryDeclare(candidate)) return candidate;
        }
    }

    private bool TryDeclare(string name) => !template.Identifiers.Contains(name) && !Clashes(name) && _declared.Add(name);

    private bool Clashes(string name)
    {
        if (_below is not null && _below.Contains(name)) return true;
        for (var scope = this; scope is not null; scope = scope.Enclosing)
            if (scope._declared.Contains(name)) return true;
        return false;
    }

    private NameScope? Enclosing => parent;
}
