using System.ComponentModel;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>The ILGPU that this library's kernels were tested with.</summary>
public static class IlgpuVersion
{
    /// <summary>The tested version.</summary>
    public static Version Tested { get; } = new(1, 5, 3);

    private static readonly string? Mismatch = Compare(typeof(Accelerator).Assembly.GetName().Version ?? new Version());

    /// <summary>Requires that this process has loaded the tested version.</summary>
    /// <exception cref="NotSupportedException">It has loaded another one.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static void Require()
    {
        if (Mismatch is not null) throw new NotSupportedException(Mismatch);
    }

    /// <summary>What is wrong with a version; null when nothing is.</summary>
    internal static string? Compare(Version loaded) => (loaded.Major, loaded.Minor, loaded.Build) == (Tested.Major, Tested.Minor, Tested.Build)
        ? null
        : $"KernelGen's kernels were tested with ILGPU {Tested}, but this program loads ILGPU {loaded}; reference the package ILGPU {Tested}";
}
