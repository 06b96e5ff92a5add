using System.Text.RegularExpressions;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>
/// Adds programmatic dependent launch to the PTX of ILGPU's kernels: a kernel is already on the SMs when the preceding one in the stream
/// ends, waits until that one's results are visible, and lets the next one start. This removes the launch latency between the kernels
/// of a layer.
/// </summary>
internal static partial class PtxChain
{
    /// <summary>Whether a device supports it, and its driver supports it in graphs.</summary>
    public static bool IsSupported(CudaAccelerator accelerator) =>
        accelerator.Architecture >= CudaArchitecture.SM_90 && accelerator.DriverVersion >= CudaDriverVersion.FromMajorMinor(12, 3);

    /// <summary>Returns the same module, whose entry first waits for the preceding kernel.</summary>
    public static string WaitFirst(PtxText ptx) => Entry().Replace(ptx.Text, "${entry}\n\tgriddepcontrol.wait;\n\tgriddepcontrol.launch_dependents;", count: 1);

    [GeneratedRegex(@"(?<entry>\.entry\b[^{]*\{)")]
    private static partial Regex Entry();
}
