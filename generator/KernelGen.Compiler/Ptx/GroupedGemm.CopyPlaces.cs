namespace KernelGen.Compiler.Ptx;

/// <content>What all kernels' copies begin with: which chunk a thread copies, and where it goes.</content>
public sealed partial class GroupedGemm
{
    /// <summary>The thread's chunk, and its row of the first pass.</summary>
    private void WriteThreadsChunk() => _writer.Code($"""
        and.b32 %chunk, %thread, {ChunksOfRow - 1};
        shr.u32 %row, %thread, 3;
        """);

    /// <summary>Where the chunk lies in the activations' rows of 128 bytes, under the swizzle.</summary>
    private void WriteSwizzledPlace() => _writer.Code($"""
        and.b32 %t0, %row, 7;
        xor.b32 %t0, %t0, %chunk;
        shl.b32 %t0, %t0, 4;
        mad.lo.u32 %t0, %row, {GroupedGemmTile.RowBytes}, %t0;
        add.u32 %toA, %shared, %t0;
        """);

    /// <summary>The expert of a persistent kernel's next tile.</summary>
    private void WriteExpertOfTile() => _writer.Code("""
        mul.wide.u32 %wide, %blockM, 4;
        add.u64 %address, %experts, %wide;
        ld.global.u32 %expert, [%address];
        """);

    /// <summary>The address of the thread's first slot of a tile.</summary>
    private void WriteFirstSlot() => _writer.Code("""
        mul.wide.u32 %wide, %row, 4;
        add.u64 %address, %sortedSlots, %wide;
        """);
}
