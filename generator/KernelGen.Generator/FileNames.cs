using KernelGen.Compiler;
using KernelGen.Compiler.Emission;

namespace KernelGen.Generator;

/// <summary>What the file names of a class start with. The driver refuses names that differ in case only.</summary>
internal static class FileNames
{
    /// <summary>The full names of classes whose files would be named like those of another class before them.</summary>
    public static EquatableArray<string> Clashes(IEnumerable<ClassPlace> classes) => new(classes
        .Select(place => place.FullName).Distinct()
        .GroupBy(name => name, StringComparer.OrdinalIgnoreCase)
        .SelectMany(alike => alike.Skip(1)));

    /// <summary>A class with the start of its file names: its name, with a number if it is one of <paramref name="clashes"/>.</summary>
    public static ClassPlace Named(ClassPlace place, EquatableArray<string> clashes)
    {
        // A plus between nested types: a dot would let a nested class's file be one of a variant of the class around it.
        var types = string.Join("+", place.ContainingTypes.Select(type => type.Name).Append(place.Name));
        var name = place.Namespace.Length == 0 ? types : $"{place.Namespace}.{types}";
        var number = clashes.ToList().IndexOf(place.FullName);
        return place with { HintName = number < 0 ? name : $"{name} ({number + 2})" };
    }
}
