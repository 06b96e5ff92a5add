using System.Text.Json;
using KernelGen.Benchmarking;
using KernelGen.Tuning;

namespace KernelGen.Tool.Tune;

/// <summary>All measurements of a search, in the format that <c>kernelgen report</c> renders.</summary>
internal static class TuneJson
{
    /// <summary>Writes the file atomically.</summary>
    public static void Write(
        string path, TuneRequest request, TunedModel model, ITunedDevice device, MachineLimits limits, SearchSpace space, IEnumerable<TunedRow> rows) => AtomicFile.Write(path, file =>
    {
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("date", DateTimeOffset.UtcNow);
        MachineJson.Write(json, limits, device.IsCpu ? [] : [(request.Device, device.Description)]);
        json.WriteStartObject("search");
        json.WriteString("subject", model.Spec.ConfigurationName);
        json.WriteString("device", $"{request.Device}");
        json.WriteNumber("spaceSize", space.Count);
        json.WriteString("command", request.Command);
        json.WriteStartArray("candidates");
        foreach (var row in rows)
        {
            foreach (var (name, microseconds) in row.Measured)
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteNumber("tokens", row.Tokens);
                json.WriteNumber("medianUs", Math.Round(microseconds, 3));
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    });
}
