using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using KernelGen.Ilgpu;

namespace KernelGen.Tool;

/// <summary>The devices of this machine.</summary>
internal static class KernelDevices
{
    /// <summary>Opens a device.</summary>
    /// <exception cref="UsageException">The device does not exist; the message lists the available ones.</exception>
    public static IKernelDevice Open(DeviceName name)
    {
        if (name == DeviceName.Cpu) return new CpuDevice();
        if (CreateContext(name.Kind) is { } context)
        {
            var devices = Of(name.Kind, context);
            if (name.Number < devices.Length) return new IlgpuDevice(name, context, devices[name.Number]);
            context.Dispose();
        }

        throw new UsageException($"--device is '{name}'; this machine has {string.Join(", ", Found())}");
    }

    /// <summary>The user's message for a device failure; null for any other exception.</summary>
    public static string? Explain(Exception error) => error switch
    {
        DeviceOutOfMemoryException or AcceleratorException or CapabilityNotSupportedException => error.Message,
        NotSupportedException when error.Source == typeof(DeviceOutOfMemoryException).Assembly.GetName().Name => error.Message,
        _ => null,
    };

    private static IEnumerable<string> Found()
    {
        yield return $"{DeviceName.Cpu}";
        foreach (var kind in new[] { DeviceKind.IlgpuCpu, DeviceKind.Cuda, DeviceKind.OpenCl })
        {
            using var context = CreateContext(kind);
            if (context is null) continue;
            var devices = Of(kind, context);
            for (var number = 0; number < devices.Length; number++)
            {
                var name = new DeviceName(kind, number);
                yield return kind == DeviceKind.IlgpuCpu ? $"{name}" : $"{name} ({devices[number].Name})";
            }
        }
    }

    /// <summary>The devices of one kind. A context without any has ILGPU's CPU accelerator instead.</summary>
    private static Device[] Of(DeviceKind kind, Context context) => [.. context.Devices.Where(device => device.AcceleratorType == kind switch
    {
        DeviceKind.Cuda => AcceleratorType.Cuda,
        DeviceKind.OpenCl => AcceleratorType.OpenCL,
        _ => AcceleratorType.CPU,
    })];

    /// <summary>A context with the devices of one kind; null if their driver is missing.</summary>
    private static Context? CreateContext(DeviceKind kind)
    {
        try
        {
            return Context.Create(builder => _ = kind switch
            {
                DeviceKind.Cuda => builder.Cuda(),
                DeviceKind.OpenCl => builder.OpenCL(),
                _ => builder.CPU(CPUDeviceKind.Default),
            });
        }
        catch (Exception error) when (error is DllNotFoundException or NotSupportedException or AcceleratorException)
        {
            return null;
        }
    }
}
