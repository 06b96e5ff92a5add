using System.Buffers.Binary;
using System.Text.Unicode;

namespace KernelGen.HuggingFace;

/// <summary>
/// The validated header of a safetensors file: a little-endian length of eight bytes, a JSON object of that length, then the data.
/// </summary>
/// <remarks>
/// After a successful parse, the tensors cover the data exactly, without gap or overlap, from its first byte to the end of the file,
/// and the length of each range matches its type and shape.
/// </remarks>
public sealed class SafetensorsHeader
{
    /// <summary>Maximum length of the JSON text in bytes, as the format defines it.</summary>
    public const int MaxJsonBytes = 100_000_000;

    internal const int PrefixBytes = 8;
    internal const string MetadataKey = "__metadata__";

    private SafetensorsHeader(long dataStart, List<SafetensorsTensorInfo> tensors, Dictionary<string, string> metadata)
    {
        DataStart = dataStart;
        Tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>Offset of the first byte of data in the file. The format does not guarantee alignment.</summary>
    public long DataStart { get; }

    /// <summary>The tensors in data order.</summary>
    public IReadOnlyList<SafetensorsTensorInfo> Tensors { get; }

    /// <summary>The writer's free-form metadata; empty if there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Parses and validates a header.</summary>
    /// <param name="start">The first bytes of the file, at least to the end of the header.</param>
    /// <param name="fileLength">Length of the whole file in bytes. Sizes in the header are checked against it before anything is allocated.</param>
    /// <param name="file">Name of the file for messages.</param>
    /// <exception cref="SafetensorsException">The header is malformed or does not describe a file of this length.</exception>
    /// <exception cref="ArgumentException"><paramref name="start"/> ends before the header does.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> start, long fileLength, string file)
    {
        if (fileLength < PrefixBytes)
        {
            throw SafetensorsException.InFile(file,
                $"has {fileLength} bytes; a safetensors file starts with {PrefixBytes} bytes of header length");
        }

        if (start.Length < PrefixBytes)
            throw new ArgumentException($"holds {start.Length} bytes; the length alone takes {PrefixBytes}", nameof(start));
        var claimed = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (claimed > MaxJsonBytes)
        {
            throw SafetensorsException.InFile(file,
                $"claims a header of {claimed} bytes; the format allows {MaxJsonBytes}. Is it a safetensors file?");
        }

        if ((long)claimed > fileLength - PrefixBytes)
        {
            throw SafetensorsException.InFile(file,
                $"claims a header of {claimed} bytes but has only {fileLength - PrefixBytes} after the length; is it cut off?");
        }

        var dataStart = PrefixBytes + (long)claimed;
        if (start.Length < dataStart) throw new ArgumentException($"holds {start.Length} bytes; the header ends at {dataStart}", nameof(start));

        var json = start[PrefixBytes..(int)dataStart];
        if (json.IsEmpty || json[0] != (byte)'{')
            throw SafetensorsException.InFile(file, "the header is not a JSON object: it must begin with '{'");
        if (!Utf8.IsValid(json)) throw SafetensorsException.InFile(file, "the header is not valid UTF-8");

        var reader = new SafetensorsHeaderReader(json, file);
        var (tensors, metadata) = reader.Read();
        tensors.Sort((a, b) => a.DataOffset != b.DataOffset
            ? a.DataOffset.CompareTo(b.DataOffset)
            : a.ByteLength.CompareTo(b.ByteLength));
        CheckCoverage(tensors, fileLength - dataStart, file);
        return new SafetensorsHeader(dataStart, tensors, metadata);
    }

    private static void CheckCoverage(List<SafetensorsTensorInfo> tensors, long dataLength, string file)
    {
        var covered = 0L;
        string? previous = null;
        foreach (var tensor in tensors)
        {
            var end = tensor.DataOffset + tensor.ByteLength;
            if (end > dataLength)
            {
                throw SafetensorsException.InTensor(file, tensor.Name,
                    $"is at bytes {tensor.DataOffset} to {end}, but the file has {dataLength} bytes of data; is it cut off?");
            }

            if (tensor.DataOffset < covered)
            {
                throw SafetensorsException.InTensor(file, tensor.Name,
                    $"begins at byte {tensor.DataOffset} and overlaps {SafetensorsException.Quote(previous!)}, which ends at {covered}");
            }

            if (tensor.DataOffset > covered)
            {
                throw SafetensorsException.InTensor(file, tensor.Name,
                    $"begins at byte {tensor.DataOffset}; the bytes from {covered} on belong to no tensor, which the format forbids");
            }

            covered = end;
            previous = tensor.Name;
        }

        if (covered != dataLength)
            throw SafetensorsException.InFile(file, $"has {dataLength - covered} bytes after the last tensor, which the format forbids");
    }
}
