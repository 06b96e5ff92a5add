namespace KernelGen.Tests;

/// <summary>The device's memory. Between arrays lies some that nobody may touch, and some arrays are there when the kernel before has ended.</summary>
internal sealed class PtxGlobalMemory
{
    private const ulong Base = 1 << 20;
    private const int ChunkBytes = PtxSharedMemory.ChunkBytes;
    private const int Gap = 256;

    private readonly List<(int Start, byte[] Bytes, Chunk Kind)> _arrays = [];
    private byte[] _bytes = [];
    private Chunk[] _chunks = [];
    private int _end;

    private enum Chunk : byte
    {
        OfNoArray,
        Known,
        OfKernelBefore,
    }

    /// <summary>Puts an array into the memory.</summary>
    public ulong Allocate(byte[] bytes, bool isOfKernelBefore)
    {
        var start = _end;
        _arrays.Add((start, bytes, isOfKernelBefore ? Chunk.OfKernelBefore : Chunk.Known));
        _end += (ChunksOf(bytes) * ChunkBytes) + Gap;
        return Base + (ulong)start;
    }

    /// <summary>Some bytes of one array, at a multiple of as many, which threads of a warp read or write now or have copied.</summary>
    public Span<byte> At(ulong address, int bytes, PtxWarp user)
    {
        if (_bytes.Length < _end) Settle();
        var chunk = (address - Base) / ChunkBytes;
        if (address % (ulong)bytes != 0) Assert.Fail($"{bytes} bytes of the device's memory at {address:x}");
        if (chunk >= (ulong)_chunks.Length || _chunks[chunk] == Chunk.OfNoArray) Assert.Fail($"{bytes} bytes of the device's memory at {address:x}, where no array lies");
        if (_chunks[chunk] == Chunk.OfKernelBefore && !user.AwaitedKernelBefore) Assert.Fail($"{address:x} is read before the kernel before has ended");
        return _bytes.AsSpan((int)(address - Base), bytes);
    }

    /// <summary>An array as it is now.</summary>
    public ReadOnlySpan<byte> From(ulong address) => _bytes.AsSpan((int)(address - Base));

    private static int ChunksOf(byte[] bytes) => (bytes.Length + ChunkBytes - 1) / ChunkBytes;

    private void Settle()
    {
        Array.Resize(ref _bytes, _end);
        Array.Resize(ref _chunks, _end / ChunkBytes);
        foreach (var (start, bytes, kind) in _arrays)
        {
            bytes.CopyTo(_bytes, start);
            Array.Fill(_chunks, kind, start / ChunkBytes, ChunksOf(bytes));
        }

        _arrays.Clear();
    }
}

/// <summary>
/// The shared memory of a group. Knows of every 16 bytes whether copies are on their way there and whether <c>wgmma</c> may still read them, and when threads
/// wrote them: the tensor cores see that behind a fence alone.
/// </summary>
internal sealed class PtxSharedMemory
{
    public const int ChunkBytes = 16;

    /// <summary>Where the memory starts.</summary>
    public const ulong Base = 1024;

    private readonly PtxGroup _group;
    private readonly byte[] _bytes;
    private readonly int[] _awaited;
    private readonly int[] _reads;
    private readonly int[] _writtenAt;
    private readonly PtxWarp?[] _writer;

    public PtxSharedMemory(PtxGroup group, int bytes)
    {
        var chunks = (bytes + ChunkBytes - 1) / ChunkBytes;
        (_group, _bytes, _awaited, _reads, _writtenAt, _writer) = (group, new byte[bytes], new int[chunks], new int[chunks], new int[chunks], new PtxWarp[chunks]);
        Array.Fill(_bytes, byte.MaxValue); // NaN, as a floating-point number
    }

    public ReadOnlySpan<byte> Read(ulong address, int bytes)
    {
        var span = At(address, bytes);
        if (_awaited[ChunkOf(address)] > 0) Assert.Fail($"shared memory at {address} is read before a copy has landed there");
        return span;
    }

    /// <summary>Where threads of a warp write.</summary>
    public Span<byte> Write(ulong address, int bytes, PtxWarp writer)
    {
        AssertUnread(address, bytes);
        (_writtenAt[ChunkOf(address)], _writer[ChunkOf(address)]) = (_group.Cluster.Now, writer);
        return At(address, bytes);
    }

    /// <summary>A copy is on its way.</summary>
    public void Await(ulong address, int bytes)
    {
        AssertUnread(address, bytes);
        if (_awaited[ChunkOf(address)] > 0 && bytes == ChunkBytes) Assert.Fail($"two copies are on their way to shared memory at {address}");
        _awaited[ChunkOf(address)]++;
    }

    /// <summary>Completes a copy by threads of a warp, or by TMA (null).</summary>
    public Span<byte> Land(ulong address, int bytes, PtxWarp? writer)
    {
        _awaited[ChunkOf(address)]--;
        (_writtenAt[ChunkOf(address)], _writer[ChunkOf(address)]) = (_group.Cluster.Now, writer);
        return At(address, bytes);
    }

    /// <summary>The tensor cores read 16 bytes for a warp, until <see cref="EndRead"/>.</summary>
    public ReadOnlySpan<byte> BeginRead(ulong address, PtxWarp reader)
    {
        var span = Read(address, ChunkBytes);
        var chunk = ChunkOf(address);
        if (_writer[chunk] is { } writer && writer.FencedAt <= _writtenAt[chunk] && reader.FencedAt <= _writtenAt[chunk]) Assert.Fail($"no fence lets the tensor cores see what threads wrote at {address}");
        _reads[chunk]++;
        return span;
    }

    public void EndRead(ulong address) => _reads[ChunkOf(address)]--;

    /// <summary>Nobody but a barrier may write there any more.</summary>
    public void Reserve(ulong address) => _reads[ChunkOf(address)]++;

    private void AssertUnread(ulong address, int bytes)
    {
        At(address, bytes);
        if (_reads[ChunkOf(address)] > 0) Assert.Fail($"shared memory at {address} is written while the tensor cores may still read it, or is a barrier");
    }

    private Span<byte> At(ulong address, int bytes)
    {
        if (address < Base || address + (ulong)bytes > Base + (ulong)_bytes.Length || address % (ulong)bytes != 0) Assert.Fail($"{bytes} bytes of {_bytes.Length} of shared memory at {address}");
        return _bytes.AsSpan((int)(address - Base), bytes);
    }

    private static int ChunkOf(ulong address) => (int)((address - Base) / ChunkBytes);
}
