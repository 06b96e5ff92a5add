namespace KernelGen.Compiler.Ptx;

/// <summary>Temporary registers, valid for a few instructions only; a value that is needed longer has its own register.</summary>
internal sealed class Scratch(PtxWriter writer)
{
    /// <summary>The first of three words.</summary>
    public B32 T0 { get; } = writer.B32("t0");

    /// <summary>The second.</summary>
    public B32 T1 { get; } = writer.B32("t1");

    /// <summary>The third.</summary>
    public B32 T2 { get; } = writer.B32("t2");

    /// <summary>An address.</summary>
    public B64 Address { get; } = writer.B64("address");

    /// <summary>An offset, or an address computed from another.</summary>
    public B64 Wide { get; } = writer.B64("wide");

    /// <summary>Whether a row or a slot does, or does not, exist: each use says which.</summary>
    public Pred Outside { get; } = writer.Pred("outside");
}
