using System.Runtime.InteropServices;

namespace KernelGen.Benchmarking;

/// <summary>The machine on which a measurement was taken.</summary>
/// <param name="Cpu">Name of the CPU as reported by the operating system.</param>
/// <param name="Cores">Number of cores available to this process.</param>
/// <param name="OperatingSystem">Name and version.</param>
/// <param name="Runtime">For example <c>.NET 10.0.1</c>.</param>
public sealed record MachineInfo(string Cpu, int Cores, string OperatingSystem, string Runtime)
{
    /// <summary>This machine.</summary>
    public static MachineInfo Current { get; } =
        new(CpuName(), Environment.ProcessorCount, RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription);

    private static string CpuName()
    {
        const string LinuxFile = "/proc/cpuinfo";
        try
        {
            var model = File.Exists(LinuxFile) ? File.ReadLines(LinuxFile).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
            if (model is not null) return model[(model.IndexOf(':') + 1)..].Trim();
        }
        catch (IOException)
        {
            // A container may hide the file; the fallback is less specific.
        }

        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
