namespace KernelGen.Compiler.Emission;

/// <summary>A user's class to which members are added.</summary>
/// <param name="Namespace">Full name of the namespace, empty for the global one. Here and below, names carry no <c>@</c>.</param>
/// <param name="ContainingTypes">The types around the class, the outermost first.</param>
/// <param name="Name">Name of the class.</param>
/// <param name="Modifiers">Modifiers of the class without <c>partial</c>, for example <c>public static</c>.</param>
public sealed record ClassPlace(string Namespace, EquatableArray<ContainingType> ContainingTypes, string Name, string Modifiers)
{
    /// <summary>Namespace, containing types and name, separated by dots.</summary>
    public string FullName =>
        string.Join(".", new[] { Namespace }.Concat(ContainingTypes.Select(type => type.Name)).Append(Name).Where(name => name.Length > 0));

    /// <summary>What the names of the class's files start with. Must be unique in a compilation whatever the case of its letters.</summary>
    public string HintName { get; init; } = Name;
}

/// <summary>A type around a declared class.</summary>
/// <param name="Keyword">Its kind, for example <c>class</c> or <c>record struct</c>.</param>
/// <param name="Name">Its name.</param>
public sealed record ContainingType(string Keyword, string Name);
