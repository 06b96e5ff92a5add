namespace KernelGen.Generator;

/// <summary>Names of the generator's pipeline steps, by which tests check what an edit re-runs.</summary>
public static class TrackingNames
{
    /// <summary>Attribute to declared class, for each attribute.</summary>
    public const string Declarations = nameof(Declarations);

    /// <summary>Every tuning file of the project.</summary>
    public const string TuningFiles = nameof(TuningFiles);

    /// <summary>Declared classes of all attributes.</summary>
    public const string Classes = nameof(Classes);

    /// <summary>Every variant of every class.</summary>
    public const string Variants = nameof(Variants);

    /// <summary>Classes that are filled from users' kernel templates.</summary>
    public const string Templates = nameof(Templates);
}
