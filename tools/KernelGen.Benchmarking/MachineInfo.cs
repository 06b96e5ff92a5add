using System.Runtime.InteropServices;

namespace KernelGen.Benchmarking;

/// <summary>What a measurement was taken on.</summary>
/// <param name="Cpu">The processor's name as the operating system gives it.</param>
/// <param name="Cores">Processors that this process may use.</param>
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
            // A container may hide it; the fallback says less.
        }

        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
