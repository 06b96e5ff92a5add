using System.Text;
using System.Text.Json;

namespace KernelGen.HuggingFace;

/// <summary>
/// The experts of well-known models by name, for when no <c>config.json</c> is at hand. The embedded <c>ModelPresets.json</c> contains, under each
/// model's own keys, the values of its published configuration and their source address.
/// </summary>
public static class ModelPresets
{
    private static readonly Lazy<IReadOnlyDictionary<string, byte[]>> Configs = new(ReadAll);

    /// <summary>The names, sorted.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Configs.Value.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Finds the experts of a model.</summary>
    /// <param name="name">One of <see cref="Names"/>, in any case.</param>
    /// <param name="fuseSharedExpert">As in <see cref="ExpertShape.Load"/>.</param>
    /// <returns>Null if there is no such model.</returns>
    public static ExpertShape? Find(string name, bool fuseSharedExpert = true)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Configs.Value.TryGetValue(name, out var json) ? ExpertShape.Parse(json, $"preset {name.ToLowerInvariant()}", fuseSharedExpert) : null;
    }

    private static Dictionary<string, byte[]> ReadAll()
    {
        using var stream = typeof(ModelPresets).Assembly.GetManifestResourceStream("ModelPresets.json")!;
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.EnumerateObject()
            .ToDictionary(model => model.Name, model => Encoding.UTF8.GetBytes(model.Value.GetRawText()), StringComparer.OrdinalIgnoreCase);
    }
}
