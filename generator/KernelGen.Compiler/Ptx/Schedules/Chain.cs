namespace KernelGen.Compiler.Ptx;

/// <summary>Programmatic dependent launch.</summary>
internal static class Chain
{
    /// <summary>
    /// Lets the next kernel start as soon as there is room for it. The first product waits here for the slots; when the second
    /// starts, the first has seen them, so that the second waits only for the intermediate states, with weights already on their way.
    /// </summary>
    public static void WriteStart(PtxWriter writer, GroupedGemmShape shape)
    {
        if (shape.IsGateUp) writer.Code("griddepcontrol.wait;");
        writer.Code("griddepcontrol.launch_dependents;");
    }

    /// <summary>Waits for the first product's results.</summary>
    public static void WriteWaitForIntermediate(PtxWriter writer)
    {
        writer.Comment("Intermediate states are there when the kernel before this one has ended.");
        writer.Code("griddepcontrol.wait;");
    }
}
