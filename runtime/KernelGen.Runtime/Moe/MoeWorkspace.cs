namespace KernelGen.Cpu;

/// <summary>
/// The scratch memory of one running call. Workspaces are pooled: a call takes one, grows it if it must, and gives it
/// back, so that a repeated call allocates nothing. At most one a processor is kept, and <see cref="MostIdleBytes"/> in all.
/// </summary>
internal sealed unsafe class MoeWorkspace
{
    /// <summary>Most bytes that are kept for calls to come.</summary>
    public const int MostIdleBytes = 2 * FusedMoePasses.WorkspaceLimit;

    private const nuint Alignment = 64;

    private static readonly Stack<MoeWorkspace> Pool = new(Environment.ProcessorCount);
    private static nuint _idleBytes;

    private byte* _memory;
    private nuint _capacity;
    private nuint _used;

    ~MoeWorkspace() => PagedMemory.Free(_memory);

    /// <summary>Bytes that all workspaces in the pool have.</summary>
    public static nuint IdleBytes
    {
        get
        {
            lock (Pool) return _idleBytes;
        }
    }

    public static MoeWorkspace Rent()
    {
        lock (Pool)
        {
            if (!Pool.TryPop(out var workspace)) return new MoeWorkspace();
            _idleBytes -= workspace._capacity;
            return workspace;
        }
    }

    public void Return()
    {
        lock (Pool)
        {
            if (Pool.Count < Environment.ProcessorCount && _idleBytes + _capacity <= MostIdleBytes)
            {
                _idleBytes += _capacity;
                Pool.Push(this);
                return;
            }
        }

        PagedMemory.Free(_memory);
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes room for arrays of <paramref name="bytes"/> in all and forgets the earlier ones.</summary>
    public void Reset(nuint bytes)
    {
        _used = 0;
        if (bytes <= _capacity) return;
        PagedMemory.Free(_memory);
        _memory = null;
        _capacity = 0;
        _memory = (byte*)PagedMemory.Allocate(bytes);
        _capacity = bytes;
    }

    /// <summary>Takes an array out of the room that <see cref="Reset"/> made.</summary>
    public T* Take<T>(nuint count)
        where T : unmanaged
    {
        var array = (T*)(_memory + _used);
        _used += Size<T>(count);
        return array;
    }

    /// <summary>Bytes that an array occupies, rounded up to a cache line.</summary>
    public static nuint Size<T>(nuint count)
        where T : unmanaged => ((count * (nuint)sizeof(T)) + Alignment - 1) / Alignment * Alignment;
}
