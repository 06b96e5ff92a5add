namespace KernelGen.Compiler.Ptx;

/// <content>
/// <c>wgmma</c> with weights whose groups have scales: the sums of a group are kept apart until its end, then multiplied by their scale once.
/// While one warp group waits for its sums and scales them, the other one multiplies.
/// </content>
public sealed partial class GroupedGemm
{
    /// <summary>Stages of a group; 1 too where a stage has several groups.</summary>
    private int StagesOfGroup => Math.Max(_shape.GroupSize / _tile.BlockK, 1);

    private void WriteStartOfGroups()
    {
        foreach (var sum in Sums()) _writer.Code($"mov.f32 %{sum}, 0f00000000;");
        if (StagesOfGroup == 1) return;
        _writer.Declare("b32", "leftOfGroup");
        _writer.Declare("pred", "accumulate");
        _writer.Code("setp.ne.u32 %accumulate, %todo, %todo;");
        if (_tile.SplitK == 1)
        {
            _writer.Code($"mov.u32 %leftOfGroup, {StagesOfGroup};");
            return;
        }

        _writer.Code($"""
            rem.u32 %leftOfGroup, %firstBlock, {StagesOfGroup};
            sub.u32 %leftOfGroup, {StagesOfGroup}, %leftOfGroup;
            """);
    }

    private void WriteProductsOfGroups()
    {
        if (StagesOfGroup > 1) WriteStageOfGroup();
        else WriteGroupsOfStage();
        WriteRelease("%signals", "%barrier");
        WriteEndOfStage("%todo", "NEXT");
    }

    private void WriteStageOfGroup()
    {
        WriteProducts(0, StepsOfPart, "%accumulate");
        _writer.Code("""
            sub.u32 %leftOfGroup, %leftOfGroup, 1;
            setp.ne.u32 %accumulate, %leftOfGroup, 0;
            setp.ne.and.u32 %accumulate, %todo, 1, %accumulate;
            @%accumulate bra WITHIN;
            """);
        WriteGroupEnd(0);
        _writer.Code($"mov.u32 %leftOfGroup, {StagesOfGroup};");
        _writer.Label("WITHIN");
    }

    private void WriteGroupsOfStage()
    {
        var steps = StepsOfPart / GroupsOfStage;
        for (var group = 0; group < GroupsOfStage; group++)
        {
            if (group > 0) _writer.Code("wgmma.fence.sync.aligned;");
            WriteProducts(group * steps, steps, "0");
            WriteGroupEnd(group);
        }
    }

    /// <summary>Products of a group, awaited at once: where sums that are under way meet a branch, the assembler has every instruction wait for the one before.</summary>
    private void WriteProducts(int first, int steps, string accumulate)
    {
        string[] sums = [.. Sums().Select(sum => $"group_{sum}")];
        for (var step = first; step < first + steps; step++) WriteWgmma(step, sums, step == first ? accumulate : "1");
        _writer.Code("""
            wgmma.commit_group.sync.aligned;
            wgmma.wait_group.sync.aligned 0;
            """);
    }
}
