using System.Globalization;

namespace KernelGen.Tool;

/// <summary>The kind of device that runs a kernel.</summary>
internal enum DeviceKind
{
    /// <summary>The CPU, with KernelGen's SIMD kernels.</summary>
    Cpu,

    /// <summary>ILGPU's CPU accelerator, an emulation.</summary>
    IlgpuCpu,

    /// <summary>An NVIDIA GPU.</summary>
    Cuda,

    /// <summary>A device of an OpenCL driver.</summary>
    OpenCl,
}

/// <summary>The value of <c>--device</c>.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Number">Index among the devices of its kind.</param>
internal readonly record struct DeviceName(DeviceKind Kind, int Number = 0)
{
    /// <summary>A description of the valid names.</summary>
    public const string Expected = "cpu, ilgpu-cpu, cuda:N or opencl:N";

    /// <summary>The CPU.</summary>
    public static DeviceName Cpu => default;

    /// <summary>Parses a name; null if it is invalid.</summary>
    public static DeviceName? Parse(string text) => text switch
    {
        "cpu" => Cpu,
        "ilgpu-cpu" => new(DeviceKind.IlgpuCpu),
        _ when text.StartsWith("cuda:", StringComparison.Ordinal) => Numbered(DeviceKind.Cuda, text["cuda:".Length..]),
        _ when text.StartsWith("opencl:", StringComparison.Ordinal) => Numbered(DeviceKind.OpenCl, text["opencl:".Length..]),
        _ => null,
    };

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        DeviceKind.Cpu => "cpu",
        DeviceKind.IlgpuCpu => "ilgpu-cpu",
        DeviceKind.Cuda => string.Create(CultureInfo.InvariantCulture, $"cuda:{Number}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"opencl:{Number}"),
    };

    private static DeviceName? Numbered(DeviceKind kind, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new(kind, number) : null;
}
