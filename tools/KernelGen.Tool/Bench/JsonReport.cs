using System.Text.Json;
using KernelGen.Benchmarking;
using KernelGen.Tuning;

namespace KernelGen.Tool;

/// <summary>A benchmark as JSON, for other programs and later comparisons.</summary>
internal static class JsonReport
{
    /// <summary>Writes the file atomically.</summary>
    public static void Write(string path, BenchContext bench) => AtomicFile.Write(path, file => Write(file, bench));

    private static void Write(Stream file, BenchContext bench)
    {
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("date", bench.Date);
        MachineJson.Write(json, bench.Limits, bench.OtherDevices.Select(device => (device.Name, device.Description)));
        json.WriteString("subject", bench.Subject);
        json.WriteStartArray("rows");
        foreach (var row in bench.Rows) WriteRow(json, row, bench);
        json.WriteEndArray();
        json.WriteStartArray("notes");
        foreach (var note in bench.Notes) json.WriteStringValue(note);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteRow(Utf8JsonWriter json, BenchRow row, BenchContext bench)
    {
        json.WriteStartObject();
        json.WriteString("variant", row.Variant);
        json.WriteString("form", row.Form);
        json.WriteString("device", row.Device.ToString());
        json.WriteStartObject("shape");
        foreach (var (name, value) in row.Shape) json.WriteNumber(name, value);
        json.WriteEndObject();
        json.WriteNumber("tokens", row.Tokens);
        json.WriteNumber("medianUs", Math.Round(row.Timing.MedianUs, 3));
        json.WriteNumber("minUs", Math.Round(row.Timing.MinUs, 3));
        json.WriteNumber("calls", row.Timing.Calls);
        if (row.Gflops is { } gflops) json.WriteNumber("gflops", Math.Round(gflops, 3));
        else json.WriteNull("gflops");
        json.WriteNumber("gigabytesPerSecond", Math.Round(row.GigabytesPerSecond, 3));
        json.WriteNumber("maxError", row.MaxError);
        json.WriteString("command", bench.Command);
        json.WriteEndObject();
    }
}
