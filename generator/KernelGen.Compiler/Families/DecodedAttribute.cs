namespace KernelGen.Compiler.Families;

/// <summary>What one attribute declares.</summary>
/// <param name="Specs">Its valid specs. They have one dispatch key.</param>
/// <param name="Problems">Everything that is wrong with it.</param>
public sealed record DecodedAttribute(IReadOnlyList<IKernelSpec> Specs, IReadOnlyList<SpecProblem> Problems)
{
    /// <summary>An attribute that the C# compiler rejects already.</summary>
    public static DecodedAttribute Broken { get; } = new([], []);

    /// <summary>An attribute that declares one spec, with the spec's own problems.</summary>
    public static DecodedAttribute Of(AttributeArguments arguments, IKernelSpec spec)
    {
        if (arguments.IsBroken) return Broken;
        var problems = spec.Validate();
        return new DecodedAttribute(problems.Count == 0 ? [spec] : [], problems);
    }
}
