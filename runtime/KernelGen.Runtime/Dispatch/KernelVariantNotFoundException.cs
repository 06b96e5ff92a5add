namespace KernelGen;

/// <summary>Thrown if the shapes of a call match no declaration of its class.</summary>
public sealed class KernelVariantNotFoundException : InvalidOperationException
{
    /// <summary>Creates the exception with a message that names the missing attribute and the declared variants.</summary>
    /// <param name="className">The class that was called.</param>
    /// <param name="missing">The attribute line that would declare the missing variant.</param>
    /// <param name="declared">The variants that the class declares.</param>
    public KernelVariantNotFoundException(string className, string missing, IReadOnlyList<KernelVariant> declared)
        : base(Describe(className, missing, declared))
    {
        MissingDeclaration = missing;
        Declared = declared;
    }

    /// <summary>The attribute line that would declare the missing variant.</summary>
    public string MissingDeclaration { get; }

    /// <summary>The variants that the class declares.</summary>
    public IReadOnlyList<KernelVariant> Declared { get; }

    private static string Describe(string className, string missing, IReadOnlyList<KernelVariant> declared)
    {
        var lines = declared.Select(variant => $"  {variant.Declaration}");
        return $"{className} has no kernel for these shapes. Add {missing} to {className}. Declared:{Environment.NewLine}{string.Join(Environment.NewLine, lines)}";
    }
}
