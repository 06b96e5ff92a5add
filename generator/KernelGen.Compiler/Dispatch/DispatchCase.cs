using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Dispatch;

/// <summary>The variants of one dispatch key, and what else chooses among them.</summary>
/// <param name="Branches">The variants; a single one where there is no <see cref="Selector"/>.</param>
internal sealed record DispatchCase(IReadOnlyList<DispatchBranch> Branches)
{
    /// <summary>A condition that must hold besides, as C#; null for none.</summary>
    public string? When { get; init; }

    /// <summary>The C# expression that the branches' patterns are for; null where one variant is left.</summary>
    public string? Selector { get; init; }

    /// <summary>Whether the branches cover every value of the selector.</summary>
    public bool IsExhaustive { get; init; }

    /// <summary>A key with one variant and no further choice.</summary>
    public static DispatchCase Of(IKernelSpec spec) => new([new DispatchBranch("_", spec)]);
}

/// <summary>One variant behind a pattern.</summary>
/// <param name="Pattern">The pattern, as C#; <c>_</c> for every other value.</param>
/// <param name="Spec">The variant.</param>
internal sealed record DispatchBranch(string Pattern, IKernelSpec Spec);
