using KernelGen.Compiler;
using KernelGen.Compiler.Emission;

namespace KernelGen.Generator;

/// <summary>What the file names of a class start with. The driver refuses names that differ in case only.</summary>
internal static class FileNames
{
    /// <summary>The full names of classes whose files would be named like those of a class before them.</summary>
    public static EquatableArray<string> Clashes(IEnumerable<DeclaredClass> classes) => new(classes
        .GroupBy(declared => declared.FullName, StringComparer.OrdinalIgnoreCase)
        .SelectMany(alike => alike.Skip(1))
        .Select(declared => declared.FullName));

    /// <summary>The start of a class's file names: its name, with a number if it is one of <paramref name="clashes"/>.</summary>
    public static string Of(DeclaredClass declared, EquatableArray<string> clashes)
    {
        // A plus between nested types: a dot would let a nested class's file be one of a variant of the class around it.
        var types = string.Join("+", declared.ContainingTypes.Select(type => type.Name).Append(declared.Name));
        var name = declared.Namespace.Length == 0 ? types : $"{declared.Namespace}.{types}";
        var place = clashes.ToList().IndexOf(declared.FullName);
        return place < 0 ? name : $"{name} ({place + 2})";
    }
}
