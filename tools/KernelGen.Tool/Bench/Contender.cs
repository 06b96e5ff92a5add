using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;

namespace KernelGen.Tool;

/// <summary>A kernel that takes part in a comparison.</summary>
/// <typeparam name="TKernel">The delegate of its entry point.</typeparam>
/// <param name="Variant">Name in reports.</param>
/// <param name="Form">Name in tables.</param>
/// <param name="Kernel">The kernel, for arguments in host memory.</param>
internal sealed record Contender<TKernel>(string Variant, string Form, TKernel Kernel)
    where TKernel : Delegate
{
    /// <summary>The device on which it runs.</summary>
    public DeviceName Device { get; init; } = DeviceName.Cpu;

    /// <summary>The same for arguments in device memory; null on the CPU.</summary>
    public IDeviceKernel<TKernel>? OnDevice { get; init; }

    /// <summary>The Split-K slice count that a call requests; 0 if there is no choice.</summary>
    public int SplitK { get; init; }

    /// <summary>The specialised kernel of a device.</summary>
    public static Contender<TKernel> On(IKernelDevice device, IKernelSpec spec, IDeviceKernel<TKernel> kernel, string form = Forms.Specialized) =>
        new(device.VariantName(spec), form, kernel.Kernel) { Device = device.Name, OnDevice = kernel };
}

/// <summary>The forms that tables name.</summary>
internal static class Forms
{
    public const string Specialized = "specialised";
    public const string Unspecialized = "unspecialised";
    public const string PlainCSharp = "plain C#";
    public const string Scan = "n² scan";
}
