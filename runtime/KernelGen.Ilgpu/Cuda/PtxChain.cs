using System.Text.RegularExpressions;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>
/// Programmatic dependent launch for ILGPU's kernels, whose own text knows nothing of it: a kernel is on the multiprocessors when the
/// one before it in the stream ends, waits there until that one's results are visible, and lets the next one come. What lies between two
/// kernels of a layer is then no launch any more.
/// </summary>
internal static partial class PtxChain
{
    /// <summary>Whether a device has it, and its driver also in graphs.</summary>
    public static bool IsSupported(CudaAccelerator accelerator) =>
        accelerator.Architecture >= CudaArchitecture.SM_90 && accelerator.DriverVersion >= CudaDriverVersion.FromMajorMinor(12, 3);

    /// <summary>The same module, whose entry waits before it does anything else.</summary>
    public static string WaitFirst(PtxText ptx) => Entry().Replace(ptx.Text, "${entry}\n\tgriddepcontrol.wait;\n\tgriddepcontrol.launch_dependents;", count: 1);

    [GeneratedRegex(@"(?<entry>\.entry\b[^{]*\{)")]
    private static partial Regex Entry();
}
