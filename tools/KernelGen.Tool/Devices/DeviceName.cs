using System.Globalization;

namespace KernelGen.Tool;

/// <summary>What a kernel runs on.</summary>
internal enum DeviceKind
{
    /// <summary>The processor, with KernelGen's own SIMD kernels.</summary>
    Cpu,

    /// <summary>ILGPU's emulation of a device on the processor.</summary>
    IlgpuCpu,

    /// <summary>An NVIDIA GPU.</summary>
    Cuda,

    /// <summary>A device of an OpenCL driver.</summary>
    OpenCl,
}

/// <summary>What stands after <c>--device</c>.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Number">Which one of its kind, from 0 on.</param>
internal readonly record struct DeviceName(DeviceKind Kind, int Number = 0)
{
    /// <summary>What may stand there, in words.</summary>
    public const string Expected = "cpu, ilgpu-cpu, cuda:N or opencl:N";

    /// <summary>The processor.</summary>
    public static DeviceName Cpu => default;

    /// <summary>Reads a name; null when it is none.</summary>
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
