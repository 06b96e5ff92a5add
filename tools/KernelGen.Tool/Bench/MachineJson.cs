using System.Text.Json;
using KernelGen.Benchmarking;

namespace KernelGen.Tool;

/// <summary>This machine in the JSON of benchmarks and searches, which <c>kernelgen report</c> reads.</summary>
internal static class MachineJson
{
    /// <summary>Writes the member <c>machine</c>.</summary>
    /// <param name="json">Receives it.</param>
    /// <param name="limits">The CPU's compute and memory limits.</param>
    /// <param name="devices">Names and descriptions of other devices.</param>
    public static void Write(Utf8JsonWriter json, MachineLimits limits, IEnumerable<(DeviceName Name, string Description)> devices)
    {
        json.WriteStartObject("machine");
        json.WriteString("cpu", MachineInfo.Current.Cpu);
        json.WriteNumber("cores", MachineInfo.Current.Cores);
        json.WriteNumber("threads", limits.Threads);
        json.WriteString("operatingSystem", MachineInfo.Current.OperatingSystem);
        json.WriteString("runtime", MachineInfo.Current.Runtime);
        json.WriteNumber("gflops", Math.Round(limits.Gflops, 2));
        json.WriteNumber("gigabytesPerSecond", Math.Round(limits.GigabytesPerSecond, 2));
        json.WriteStartObject("devices");
        foreach (var (name, description) in devices) json.WriteString($"{name}", description);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
