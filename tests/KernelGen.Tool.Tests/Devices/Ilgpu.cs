namespace KernelGen.Tool.Tests;

/// <summary>Whether the tool was built with ILGPU.</summary>
internal static class Ilgpu
{
    public static bool IsThere { get; } = Type.GetType("ILGPU.Context, ILGPU") is not null;

    public static void Require() =>
        Assert.SkipUnless(IsThere, "the package ILGPU 1.5.3 is not in the package folder; -p:KernelGenIlgpu=true restores it from a registry that has it");
}
