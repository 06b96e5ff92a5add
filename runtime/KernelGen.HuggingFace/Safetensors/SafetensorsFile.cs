using System.Diagnostics.CodeAnalysis;
using System.IO.MemoryMappedFiles;

namespace KernelGen.HuggingFace;

/// <summary>A memory-mapped safetensors file. Opening reads only the header; tensors are read in place.</summary>
/// <remarks>
/// Addresses and spans into the file become invalid with <see cref="Dispose"/>. A file that is never disposed stays mapped until the process
/// ends. As with every mapping, another process that truncates the file invalidates the memory.
/// </remarks>
public sealed unsafe class SafetensorsFile : IDisposable
{
    private readonly MemoryMappedViewAccessor _view;
    private readonly Dictionary<string, SafetensorsTensor> _byName;
    private byte* _start;

    private SafetensorsFile(string path, MemoryMappedViewAccessor view, byte* start, SafetensorsHeader header)
    {
        Path = path;
        Header = header;
        _view = view;
        _start = start;
        var tensors = new SafetensorsTensor[header.Tensors.Count];
        for (var i = 0; i < tensors.Length; i++) tensors[i] = new SafetensorsTensor(this, header.Tensors[i]);
        Tensors = tensors;
        _byName = tensors.ToDictionary(tensor => tensor.Info.Name);
    }

    /// <summary>The file's path.</summary>
    public string Path { get; }

    /// <summary>The validated header.</summary>
    public SafetensorsHeader Header { get; }

    /// <summary>The writer's free-form metadata; empty if there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => Header.Metadata;

    /// <summary>All tensors in data order.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <summary>Maps a file and validates its header.</summary>
    /// <exception cref="SafetensorsException">The file is malformed.</exception>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var handle = File.OpenHandle(path);
        var length = RandomAccess.GetLength(handle);
        if (length == 0) throw SafetensorsException.InFile(path, "is empty"); // an empty file cannot be mapped

        // The view outlives both handles.
        using var map = MemoryMappedFile.CreateFromFile(
            handle, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        var view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* start = null;
        try
        {
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            start += view.PointerOffset;
            var head = new ReadOnlySpan<byte>(start, (int)Math.Min(length, SafetensorsHeader.PrefixBytes + SafetensorsHeader.MaxJsonBytes));
            return new SafetensorsFile(path, view, start, SafetensorsHeader.Parse(head, length, path));
        }
        catch
        {
            Unmap(view, start);
            throw;
        }
    }

    /// <summary>Finds a tensor by name.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out SafetensorsTensor? tensor) => _byName.TryGetValue(name, out tensor);

    /// <summary>Returns the tensor of that name.</summary>
    /// <exception cref="SafetensorsException">The tensor does not exist; the message suggests similar names.</exception>
    public SafetensorsTensor Get(string name) =>
        TryGet(name, out var tensor) ? tensor : throw SafetensorsException.InFile(Path, NearestNames.Missing(name, _byName.Keys));

    /// <summary>Unmaps the file. Addresses and spans into it become invalid.</summary>
    public void Dispose()
    {
        if (_start is null) return;
        Unmap(_view, _start);
        _start = null;
    }

    internal nint AddressOf(SafetensorsTensorInfo tensor)
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        return (nint)(_start + Header.DataStart + tensor.DataOffset);
    }

    private static void Unmap(MemoryMappedViewAccessor view, byte* start)
    {
        if (start is not null) view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
    }
}
