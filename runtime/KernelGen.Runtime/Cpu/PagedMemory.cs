using System.Runtime.InteropServices;

namespace KernelGen.Cpu;

/// <summary>
/// Memory outside the collected heap. Large blocks ask Linux for huge pages: a layer reads its weights once a call, and with
/// pages of 4 KiB the processor spends a tenth of that time looking up addresses.
/// </summary>
internal static unsafe partial class PagedMemory
{
    private const nuint CacheLine = 64;
    private const nuint HugePage = 2 << 20;
    private const int AdviseHugePages = 14; // MADV_HUGEPAGE

    /// <summary>Takes <paramref name="bytes"/> bytes, not cleared, on a cache line.</summary>
    /// <exception cref="OutOfMemoryException">The machine lacks the memory.</exception>
    public static void* Allocate(nuint bytes)
    {
        if (bytes < 2 * HugePage) return NativeMemory.AlignedAlloc(bytes, CacheLine);
        var memory = NativeMemory.AlignedAlloc(checked(bytes + HugePage - 1) / HugePage * HugePage, HugePage);
        if (OperatingSystem.IsLinux()) _ = MemoryAdvise(memory, bytes, AdviseHugePages); // a wish: refused, the pages stay small
        return memory;
    }

    /// <summary>Gives back what <see cref="Allocate"/> took; null is nothing.</summary>
    public static void Free(void* memory) => NativeMemory.AlignedFree(memory);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(void* address, nuint length, int advice);
}
