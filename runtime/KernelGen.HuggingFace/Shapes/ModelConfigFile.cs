using System.Text.Json;

namespace KernelGen.HuggingFace;

/// <summary>Reads a <c>config.json</c>, with one error message for everything that is not one.</summary>
internal static class ModelConfigFile
{
    private const int MaxBytes = 16 << 20;

    /// <summary>The content and name of a file, or of the <c>config.json</c> of a model directory.</summary>
    public static (byte[] Json, string File) Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = Directory.Exists(path) ? Path.Combine(path, "config.json") : path;
        if (!File.Exists(file)) throw new FileNotFoundException($"{file} does not exist", file);
        var length = new FileInfo(file).Length;
        if (length > MaxBytes) throw new ModelConfigException($"{file}: has {length} bytes; a config.json has at most {MaxBytes}");
        return (File.ReadAllBytes(file), file);
    }

    /// <summary>Parses an object and passes it to <paramref name="read"/>.</summary>
    public static T Parse<T>(ReadOnlyMemory<byte> json, string file, Func<ModelConfigSection, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw new ModelConfigException($"{file}: is not a JSON object");
            return read(new ModelConfigSection(file, document.RootElement));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter: invalid Unicode
        {
            throw new ModelConfigException($"{file}: is not valid JSON: {e.Message}", e);
        }
    }
}
