using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace KernelGen.HuggingFace;

/// <summary>
/// All tensors of a checkpoint directory: those of <c>model.safetensors</c>, or those that <c>model.safetensors.index.json</c>
/// maps to several files (shards). A shard is opened when one of its tensors is first requested.
/// </summary>
public sealed class SafetensorsCheckpoint : IDisposable
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";
    private const long MaxIndexBytes = 256L << 20; // the largest published index has some tens of megabytes

    private readonly Dictionary<string, string> _shardByTensor;
    private readonly Dictionary<string, SafetensorsFile> _openShards = [];
    private bool _disposed;

    private SafetensorsCheckpoint(string directory, Dictionary<string, string> shardByTensor)
    {
        Directory = directory;
        _shardByTensor = shardByTensor;
    }

    /// <summary>The directory.</summary>
    public string Directory { get; }

    /// <summary>Names of all tensors.</summary>
    public IReadOnlyCollection<string> Names => _shardByTensor.Keys;

    /// <summary>Opens a directory.</summary>
    /// <exception cref="FileNotFoundException">It contains neither <c>model.safetensors</c> nor an index.</exception>
    /// <exception cref="SafetensorsException">The file or the index is malformed.</exception>
    public static SafetensorsCheckpoint Open(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var single = Path.Combine(directory, SingleFile);
        if (File.Exists(single))
        {
            var file = SafetensorsFile.Open(single);
            var checkpoint = new SafetensorsCheckpoint(directory, file.Tensors.ToDictionary(tensor => tensor.Name, _ => SingleFile));
            checkpoint._openShards.Add(SingleFile, file);
            return checkpoint;
        }

        var index = Path.Combine(directory, IndexFile);
        if (!File.Exists(index)) throw new FileNotFoundException($"{directory} has neither {SingleFile} nor {IndexFile}", single);
        return new SafetensorsCheckpoint(directory, ReadIndex(index));
    }

    /// <summary>Whether a tensor of that name exists; does not open its file.</summary>
    public bool Contains(string name) => _shardByTensor.ContainsKey(name);

    /// <summary>Finds a tensor by name.</summary>
    /// <exception cref="SafetensorsException">The index names a file that is missing, malformed or lacks the tensor.</exception>
    public bool TryGet(string name, [NotNullWhen(true)] out SafetensorsTensor? tensor)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        tensor = null;
        if (!_shardByTensor.TryGetValue(name, out var shard)) return false;
        if (OpenShard(shard, name).TryGet(name, out tensor)) return true;
        throw SafetensorsException.InTensor(Path.Combine(Directory, IndexFile), name, $"is listed in {shard}, but is not there");
    }

    /// <summary>Returns the tensor of that name.</summary>
    /// <exception cref="SafetensorsException">The tensor does not exist; the message suggests similar names.</exception>
    public SafetensorsTensor Get(string name) =>
        TryGet(name, out var tensor) ? tensor : throw SafetensorsException.InFile(Directory, NearestNames.Missing(name, Names));

    /// <summary>Unmaps all files. Addresses and spans into them become invalid.</summary>
    public void Dispose()
    {
        lock (_openShards)
        {
            _disposed = true;
            foreach (var file in _openShards.Values) file.Dispose();
        }
    }

    private SafetensorsFile OpenShard(string shard, string tensor)
    {
        lock (_openShards)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_openShards.TryGetValue(shard, out var open)) return open;
            var path = Path.Combine(Directory, shard);
            if (!File.Exists(path))
                throw SafetensorsException.InTensor(Path.Combine(Directory, IndexFile), tensor, $"is listed in {shard}, which does not exist");
            return _openShards[shard] = SafetensorsFile.Open(path);
        }
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        var length = new FileInfo(path).Length;
        if (length > MaxIndexBytes) throw SafetensorsException.InFile(path, $"has {length} bytes; an index has at most {MaxIndexBytes}");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return ReadWeightMap(document.RootElement, path);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter: invalid Unicode
        {
            throw SafetensorsException.InFile(path, $"is not valid JSON: {e.Message}", e);
        }
    }

    private static Dictionary<string, string> ReadWeightMap(JsonElement root, string path)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
            throw SafetensorsException.InFile(path, "has no object 'weight_map'");

        var shardByTensor = new Dictionary<string, string>();
        var shards = new Dictionary<string, string>(); // one string per shard, not per tensor
        foreach (var entry in map.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.String)
                throw SafetensorsException.InTensor(path, entry.Name, $"has {entry.Value.ValueKind} in the weight_map; expected a file name");
            var shard = entry.Value.GetString()!;
            if (shards.TryGetValue(shard, out var known)) shard = known;
            else if (IsPlainFileName(shard)) shards.Add(shard, shard);
            else
            {
                throw SafetensorsException.InTensor(path, entry.Name,
                    $"has {SafetensorsException.Quote(shard)} in the weight_map; expected the name of a .safetensors file in the same directory");
            }

            if (!shardByTensor.TryAdd(entry.Name, shard)) throw SafetensorsException.InTensor(path, entry.Name, "is in the weight_map twice");
        }

        return shardByTensor;
    }

    /// <summary>Whether a name stays in its directory on every operating system, whatever its separator.</summary>
    private static bool IsPlainFileName(string name) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal) && name.IndexOfAny(['/', '\\', ':']) < 0 && !name.Any(char.IsControl);
}
