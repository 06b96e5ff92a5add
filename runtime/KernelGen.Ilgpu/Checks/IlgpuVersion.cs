using System.ComponentModel;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>The ILGPU version that the kernels were tested with.</summary>
public static class IlgpuVersion
{
    /// <summary>The tested version.</summary>
    public static Version Tested { get; } = new(1, 5, 3);

    private static readonly string? Mismatch = Compare(typeof(Accelerator).Assembly.GetName().Version ?? new Version());

    /// <summary>Requires that the process has loaded the tested version.</summary>
    /// <exception cref="NotSupportedException">Another version is loaded.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static void Require()
    {
        if (Mismatch is not null) throw new NotSupportedException(Mismatch);
    }

    /// <summary>Returns what is wrong with a version, or null.</summary>
    internal static string? Compare(Version loaded) => (loaded.Major, loaded.Minor, loaded.Build) == (Tested.Major, Tested.Minor, Tested.Build)
        ? null
        : $"KernelGen's kernels were tested with ILGPU {Tested}, but this program loads ILGPU {loaded}; reference the package ILGPU {Tested}";
}
