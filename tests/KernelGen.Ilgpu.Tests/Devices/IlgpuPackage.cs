using ILGPU;

namespace KernelGen.Tests;

/// <summary>Whether the tests were built with the ILGPU package or with the stub in its place.</summary>
internal static class IlgpuPackage
{
    /// <summary>Whether kernels can run.</summary>
    public static bool IsThere { get; } = typeof(Context).Assembly.GetType("ILGPU.Stub") is null;

    /// <summary>Skips a test that must run something of ILGPU's.</summary>
    public static void SkipWithout() =>
        Assert.SkipUnless(IsThere, "the package ILGPU 1.5.3 is not in the package folder; -p:KernelGenIlgpu=true restores it from a registry that has it");
}
