namespace KernelGen.Compiler.Families;

/// <summary>Every family of kernels. A new one is a line here, its attribute, its folder and its templates.</summary>
public static class KernelFamilies
{
    /// <summary>The families, in the order in which a class's members are documented.</summary>
    public static IReadOnlyList<KernelFamily> All { get; } =
    [
        MoeGateFamily.Instance,
        FusedMoeFamily.Instance,
        OmniRouterFamily.Instance,
        OmniExpertsFamily.Instance,
    ];
}
