namespace KernelGen.Compiler.Ptx;

/// <summary>Programmatic dependent launch (PDL).</summary>
internal static class Chain
{
    /// <summary>
    /// Allows the next kernel to start as soon as there is room for it. The first GEMM waits here for the slots; when the second
    /// starts, the first has seen them, so that the second waits only for the intermediate states, with weights already on their way.
    /// </summary>
    public static void WriteStart(PtxWriter writer, GroupedGemmShape shape)
    {
        if (shape.IsGateUp) writer.Code("griddepcontrol.wait;");
        writer.Code("griddepcontrol.launch_dependents;");
    }

    /// <summary>Waits for the first GEMM's results.</summary>
    public static void WriteWaitForIntermediate(PtxWriter writer)
    {
        writer.Comment("Intermediate states are there when the kernel before this one has ended.");
        writer.Code("griddepcontrol.wait;");
    }
}
