using System.Runtime.InteropServices;

namespace KernelGen.Cpu;

/// <summary>
/// Memory outside the managed heap. Large blocks request huge pages from Linux: a layer reads its weights once per call, and with
/// 4 KiB pages, address translation takes a tenth of that time.
/// </summary>
internal static unsafe partial class PagedMemory
{
    private const nuint CacheLine = 64;
    private const nuint HugePage = 2 << 20;
    private const int AdviseHugePages = 14; // MADV_HUGEPAGE

    /// <summary>Allocates <paramref name="bytes"/> bytes, aligned to a cache line, not cleared.</summary>
    /// <exception cref="OutOfMemoryException">There is not enough memory.</exception>
    public static void* Allocate(nuint bytes)
    {
        if (bytes < 2 * HugePage) return NativeMemory.AlignedAlloc(bytes, CacheLine);
        var memory = NativeMemory.AlignedAlloc(checked(bytes + HugePage - 1) / HugePage * HugePage, HugePage);
        if (OperatingSystem.IsLinux()) _ = MemoryAdvise(memory, bytes, AdviseHugePages); // best effort: if refused, the pages stay small
        return memory;
    }

    /// <summary>Frees memory from <see cref="Allocate"/>; null is ignored.</summary>
    public static void Free(void* memory) => NativeMemory.AlignedFree(memory);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(void* address, nuint length, int advice);
}
