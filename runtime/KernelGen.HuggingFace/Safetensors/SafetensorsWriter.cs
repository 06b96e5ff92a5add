using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace KernelGen.HuggingFace;

/// <summary>Writes a safetensors file: declare all tensors, write their elements in any order, then <see cref="Commit"/>.</summary>
/// <remarks>
/// The write is atomic: everything goes to a temporary file next to the target, which <see cref="Commit"/> renames.
/// The same tensors give the same bytes: larger element types first, which aligns all of them, then by name; metadata by key.
/// </remarks>
public sealed class SafetensorsWriter : IDisposable
{
    private const int ElementsAtOnce = 1 << 24; // the bytes of one write must fit a span

    private readonly string _path;
    private readonly string _temporaryPath;
    private readonly SafeFileHandle _handle;
    private readonly Dictionary<string, Region> _regions = [];

    /// <summary>Creates the temporary file and writes the header.</summary>
    /// <param name="path">The target, replaced by <see cref="Commit"/> if it exists.</param>
    /// <param name="tensors">All tensors of the file.</param>
    /// <param name="metadata">Free-form metadata.</param>
    /// <exception cref="ArgumentException">Two tensors have the same name, or the header would be longer than the format allows.</exception>
    public SafetensorsWriter(string path, IEnumerable<SafetensorsTensorInfo> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var ordered = tensors.OrderByDescending(tensor => tensor.DType.Bytes()).ThenBy(tensor => tensor.Name, StringComparer.Ordinal).ToArray();
        var header = Header(ordered, metadata);
        _path = Path.GetFullPath(path);
        _temporaryPath = $"{_path}.{Path.GetRandomFileName()}";

        var position = (long)header.Length;
        foreach (var tensor in ordered)
        {
            if (!_regions.TryAdd(tensor.Name, new Region(tensor, position)))
                throw new ArgumentException($"the tensor '{tensor.Name}' is declared twice", nameof(tensors));
            position = checked(position + tensor.ByteLength);
        }

        _handle = File.OpenHandle(_temporaryPath, FileMode.CreateNew, FileAccess.Write);
        try
        {
            RandomAccess.Write(_handle, header, 0);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Appends elements to a tensor; may be called repeatedly until it is full.</summary>
    /// <typeparam name="T">The .NET type of the elements, or <see cref="byte"/> for the raw bytes of any type.</typeparam>
    /// <exception cref="ArgumentException">The tensor was not declared, has another type, or lacks room for these elements.</exception>
    public unsafe void Write<T>(string name, ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        if (!_regions.TryGetValue(name, out var region)) throw new ArgumentException($"the tensor '{name}' was not declared", nameof(name));
        if (!region.Tensor.DType.Holds<T>()) throw new ArgumentException($"{region.Tensor} does not hold {typeof(T).Name}", nameof(elements));
        if ((long)elements.Length * sizeof(T) > region.Missing)
        {
            throw new ArgumentException(
                $"{region.Tensor} has {region.Missing} bytes left, but {(long)elements.Length * sizeof(T)} are given", nameof(elements));
        }

        while (!elements.IsEmpty)
        {
            var part = elements[..Math.Min(elements.Length, ElementsAtOnce)];
            var bytes = MemoryMarshal.AsBytes(part);
            RandomAccess.Write(_handle, bytes, region.Next);
            region.Next += bytes.Length;
            elements = elements[part.Length..];
        }
    }

    /// <summary>Flushes the file to disk and renames it to the target.</summary>
    /// <exception cref="InvalidOperationException">A tensor is incomplete.</exception>
    public void Commit()
    {
        if (_regions.Values.FirstOrDefault(region => region.Missing > 0) is { } unfinished)
            throw new InvalidOperationException($"{unfinished.Tensor} still lacks {unfinished.Missing} bytes");

        RandomAccess.FlushToDisk(_handle);
        _handle.Dispose();
        File.Move(_temporaryPath, _path, overwrite: true);
    }

    /// <summary>Deletes the temporary file unless it was committed.</summary>
    public void Dispose()
    {
        _handle.Dispose();
        File.Delete(_temporaryPath);
    }

    private static byte[] Header(SafetensorsTensorInfo[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var stream = new MemoryStream();
        stream.Write(new byte[SafetensorsHeader.PrefixBytes]);
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 }) WriteMetadata(json, metadata);
            var begin = 0L;
            foreach (var tensor in tensors)
            {
                WriteTensor(json, tensor, begin);
                begin = checked(begin + tensor.ByteLength);
            }

            json.WriteEndObject();
        }

        while (stream.Length % 8 != 0) stream.WriteByte((byte)' '); // aligns the data
        var header = stream.ToArray();
        var length = header.Length - SafetensorsHeader.PrefixBytes;
        if (length > SafetensorsHeader.MaxJsonBytes)
            throw new ArgumentException($"the header would take {length} bytes; the format allows {SafetensorsHeader.MaxJsonBytes}", nameof(tensors));
        BinaryPrimitives.WriteInt64LittleEndian(header, length);
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject(SafetensorsHeader.MetadataKey);
        foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void WriteTensor(Utf8JsonWriter json, SafetensorsTensorInfo tensor, long begin)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.DTypeName);
        json.WriteStartArray("shape");
        foreach (var dimension in tensor.Shape) json.WriteNumberValue(dimension);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(begin);
        json.WriteNumberValue(begin + tensor.ByteLength);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The byte range of a tensor, and how much of it has been written.</summary>
    private sealed class Region(SafetensorsTensorInfo tensor, long start)
    {
        private readonly long _end = start + tensor.ByteLength;

        public SafetensorsTensorInfo Tensor { get; } = tensor;

        public long Next { get; set; } = start;

        public long Missing => _end - Next;
    }
}
