using System.Text.Json;
using KernelGen.Benchmarking;

namespace KernelGen.Tool;

/// <summary>This machine in the JSON of benchmarks and searches, which <c>kernelgen report</c> reads.</summary>
internal static class MachineJson
{
    /// <summary>Writes what is inside of <c>machine</c>.</summary>
    public static void WriteMembers(Utf8JsonWriter json, MachineLimits limits)
    {
        json.WriteString("cpu", MachineInfo.Current.Cpu);
        json.WriteNumber("cores", MachineInfo.Current.Cores);
        json.WriteNumber("threads", limits.Threads);
        json.WriteString("operatingSystem", MachineInfo.Current.OperatingSystem);
        json.WriteString("runtime", MachineInfo.Current.Runtime);
        json.WriteNumber("gflops", Math.Round(limits.Gflops, 2));
        json.WriteNumber("gigabytesPerSecond", Math.Round(limits.GigabytesPerSecond, 2));
    }
}
