using KernelGen.Compiler.Families;

namespace KernelGen.Tool;

/// <summary>What the CUDA driver gets of a kernel: without ILGPU's back end nothing of the C# kernels.</summary>
internal static class DevicePtx
{
    /// <summary>What ILGPU's back end makes of a spec's C# kernels.</summary>
    /// <exception cref="UsageException">Always.</exception>
    public static IEnumerable<(string Name, string Text)> OfCSharp(IKernelSpec spec, int capability) =>
        throw new UsageException($"--device is 'cuda:sm_{capability}'; {KernelDevices.HowToBuild}");
}
