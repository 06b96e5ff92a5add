using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;

namespace KernelGen.Tool;

/// <summary>A kernel that takes part in a comparison.</summary>
/// <typeparam name="TKernel">How it is called.</typeparam>
/// <param name="Variant">Name in reports.</param>
/// <param name="Form">Name in tables.</param>
/// <param name="Kernel">The kernel, for arguments in the machine's own memory.</param>
internal sealed record Contender<TKernel>(string Variant, string Form, TKernel Kernel)
    where TKernel : Delegate
{
    /// <summary>Where it runs.</summary>
    public DeviceName Device { get; init; } = DeviceName.Cpu;

    /// <summary>The same for arguments in a device's memory; null on the processor.</summary>
    public IDeviceKernel<TKernel>? OnDevice { get; init; }

    /// <summary>Slices of the reduction that a call asks for; 0 where nothing is to choose.</summary>
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
