using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace KernelGen.Tests;

/// <summary>
/// The devices that tests run on. KERNELGEN_REQUIRE_DEVICE=cuda makes a missing CUDA device a failure, and opencl likewise; without it
/// tests that need one are skipped and say so.
/// </summary>
internal sealed class TestDevice
{
    /// <summary>ILGPU's CPU accelerator as a user gets it: warps of 4.</summary>
    public const string Cpu = "cpu";

    /// <summary>ILGPU's CPU accelerator in the form of an NVIDIA device: warps of 32. Slow.</summary>
    public const string CpuWithWarps = "cpu-warps";

    /// <summary>The first CUDA device.</summary>
    public const string Cuda = "cuda";

    /// <summary>The first OpenCL device.</summary>
    public const string OpenCl = "opencl";

    private static readonly Dictionary<string, Lazy<TestDevice?>> Devices = new()
    {
        [Cpu] = new(() => Open(builder => builder.CPU(CPUDeviceKind.Default), context => context.CreateCPUAccelerator(0))),
        [CpuWithWarps] = new(() => Open(builder => builder.CPU(CPUDeviceKind.Nvidia), context => context.CreateCPUAccelerator(0))),
        [Cuda] = new(() => OpenFirst<CudaDevice>(builder => builder.Cuda())),
        [OpenCl] = new(() => OpenFirst<CLDevice>(builder => builder.OpenCL())),
    };

    private TestDevice(Context context, Accelerator accelerator) => (Context, Accelerator, Stream) = (context, accelerator, accelerator.CreateStream());

    public Context Context { get; }

    public Accelerator Accelerator { get; }

    /// <summary>A stream that is not the default one.</summary>
    public AcceleratorStream Stream { get; }

    /// <summary>Whether it is a GPU with <c>wgmma</c>.</summary>
    public bool HasWgmma => Accelerator is CudaAccelerator { Architecture: var architecture } && architecture == CudaArchitecture.SM_90;

    /// <summary>Whether kernels may read halves, which OpenCL devices need not have.</summary>
    public bool HasHalves => Accelerator is not CLAccelerator || ((CLCapabilityContext)Accelerator.Capabilities).Float16;

    /// <summary>A device, shared by all tests. If there is none, skips the test, or fails it where a device is required.</summary>
    public static TestDevice Get(string name)
    {
        if (Devices[name].Value is { } device) return device;
        var isRequired = string.Equals(Environment.GetEnvironmentVariable("KERNELGEN_REQUIRE_DEVICE"), name, StringComparison.OrdinalIgnoreCase);
        Assert.False(isRequired, $"KERNELGEN_REQUIRE_DEVICE={name}, but there is no such device");
        Assert.Skip($"there is no {name} device; KERNELGEN_REQUIRE_DEVICE={name} makes this a failure");
        return null!;
    }

    private static TestDevice? OpenFirst<TDevice>(Action<Context.Builder> devices)
        where TDevice : Device
    {
        try
        {
            var context = Context.Create(devices);
            if (context.GetDevices<TDevice>() is [var first, ..]) return new TestDevice(context, first.CreateAccelerator(context));
            context.Dispose();
            return null;
        }
        catch (Exception error) when (error is DllNotFoundException or NotSupportedException or AcceleratorException)
        {
            return null; // no driver
        }
    }

    private static TestDevice Open(Action<Context.Builder> devices, Func<Context, Accelerator> open)
    {
        var context = Context.Create(devices);
        return new TestDevice(context, open(context));
    }
}
