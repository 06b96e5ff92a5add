using KernelGen.Compiler.Emission;

namespace KernelGen.Generator;

/// <summary>Gives each class its file names. The driver refuses file names that differ in case only.</summary>
internal static class FileNames
{
    public static IEnumerable<DeclaredClass> Assign(IEnumerable<DeclaredClass> classes)
    {
        var uses = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        foreach (var declared in classes)
        {
            var name = FileName(declared);
            uses.TryGetValue(name, out var before);
            uses[name] = before + 1;
            yield return declared with { HintName = before == 0 ? name : $"{name} ({before + 1})" };
        }
    }

    // A plus between nested types: a dot would let a nested class's file be one of a variant of the class around it.
    private static string FileName(DeclaredClass declared)
    {
        var types = string.Join("+", declared.ContainingTypes.Select(type => type.Name).Append(declared.Name));
        return declared.Namespace.Length == 0 ? types : $"{declared.Namespace}.{types}";
    }
}
