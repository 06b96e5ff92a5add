namespace KernelGen.Cpu;

/// <summary>
/// The workspace of a running call. Workspaces are pooled: a call takes one, grows it if necessary, and returns
/// it, so repeated calls allocate nothing. The pool keeps at most one per processor, and <see cref="MaxIdleBytes"/> in total.
/// </summary>
internal sealed unsafe class CpuWorkspace
{
    /// <summary>Maximum number of bytes that the pool keeps.</summary>
    public const int MaxIdleBytes = 2 * ExpertsPasses.WorkspaceLimit;

    private const nuint Alignment = 64;

    private static readonly Stack<CpuWorkspace> Pool = new(Environment.ProcessorCount);
    private static nuint _idleBytes;

    private byte* _memory;
    private nuint _capacity;
    private nuint _used;

    ~CpuWorkspace() => PagedMemory.Free(_memory);

    /// <summary>Number of bytes in all pooled workspaces.</summary>
    public static nuint IdleBytes
    {
        get
        {
            lock (Pool) return _idleBytes;
        }
    }

    public static CpuWorkspace Rent()
    {
        lock (Pool)
        {
            if (!Pool.TryPop(out var workspace)) return new CpuWorkspace();
            _idleBytes -= workspace._capacity;
            return workspace;
        }
    }

    public void Return()
    {
        lock (Pool)
        {
            if (Pool.Count < Environment.ProcessorCount && _idleBytes + _capacity <= MaxIdleBytes)
            {
                _idleBytes += _capacity;
                Pool.Push(this);
                return;
            }
        }

        PagedMemory.Free(_memory);
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes room for arrays of <paramref name="bytes"/> in total and discards the earlier ones.</summary>
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

    /// <summary>Allocates an array from the memory that <see cref="Reset"/> reserved.</summary>
    public T* Take<T>(nuint count)
        where T : unmanaged
    {
        var array = (T*)(_memory + _used);
        _used += Size<T>(count);
        return array;
    }

    /// <summary>Size of an array in bytes, rounded up to a cache line.</summary>
    public static nuint Size<T>(nuint count)
        where T : unmanaged => ((count * (nuint)sizeof(T)) + Alignment - 1) / Alignment * Alignment;
}
