namespace KernelGen.Compiler.Ptx;

/// <summary>Matrix descriptors of two operands: 128-byte swizzle, 1024 bytes from eight rows to the next eight, address in units of 16 bytes.</summary>
internal sealed class Descriptors(PtxWriter writer, Scratch scratch)
{
    private const string Bits = "0x4000004000010000";

    private readonly B64 _descriptorA = writer.B64("descriptorA");
    private readonly B64 _descriptorB = writer.B64("descriptorB");
    private readonly B64 _stage = writer.B64("stageWide");

    /// <summary>The first operand's descriptor in the current stage.</summary>
    public B64 A { get; } = writer.B64("atA");

    /// <summary>The second operand's descriptor.</summary>
    public B64 B { get; } = writer.B64("atB");

    /// <summary>Creates descriptors from the addresses in the first two scratch registers.</summary>
    public void WriteSetup()
    {
        foreach (var (descriptor, address) in new[] { (_descriptorA, scratch.T0), (_descriptorB, scratch.T1) })
        {
            writer.Code($"""
                and.b32 {address}, {address}, 0x3ffff;
                shr.u32 {address}, {address}, 4;
                cvt.u64.u32 {descriptor}, {address};
                or.b64 {descriptor}, {descriptor}, {Bits};
                """);
        }
    }

    /// <summary>Moves to a stage.</summary>
    public void WriteStage(B32 stage) => writer.Code($"""
        shr.u32 {scratch.T0}, {stage}, 4;
        cvt.u64.u32 {_stage}, {scratch.T0};
        add.u64 {A}, {_descriptorA}, {_stage};
        add.u64 {B}, {_descriptorB}, {_stage};
        """);
}
