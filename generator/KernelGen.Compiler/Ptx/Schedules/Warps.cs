namespace KernelGen.Compiler.Ptx;

/// <summary>A thread's place in its thread block, and its warp's in the tile.</summary>
internal sealed class Warps(PtxWriter writer, bool hasRows = true)
{
    /// <summary>The thread's number.</summary>
    public B32 Thread { get; } = writer.B32("thread");

    /// <summary>Its number in its warp.</summary>
    public B32 Lane { get; } = writer.B32("lane");

    /// <summary>The warp's number.</summary>
    public B32 Warp { get; } = writer.B32("warp");

    /// <summary>The warp's place along the rows.</summary>
    public B32 M { get; } = hasRows ? writer.B32("warpM") : default;

    /// <summary>The warp's place along the columns.</summary>
    public B32 N { get; } = writer.B32("warpN");

    /// <summary>Finds the thread's place in its thread block.</summary>
    public void WriteThread(PtxWriter to) => to.Code($"""
        mov.u32 {Thread}, %tid.x;
        and.b32 {Lane}, {Thread}, 31;
        shr.u32 {Warp}, {Thread}, 5;
        """);
}
