namespace KernelGen.Cpu;

/// <summary>The workspace arrays of a pass.</summary>
internal readonly unsafe struct ExpertsWorkspaceLayout(ExpertsTiling tiling, int hiddenSize, int intermediateSize, int splitK)
{
    private readonly ExpertsTiling _tiling = tiling;

    /// <summary>Maximum number of tokens, at least one and at most <paramref name="tokens"/>, whose workspace fits in <paramref name="limit"/> bytes.</summary>
    public int TokensWithin(nuint limit, int tokens)
    {
        var tooMany = Math.Min(tokens, int.MaxValue / (2 * _tiling.TopK)); // rows are counted in 32 bits, too
        if (Bytes(tooMany) <= limit) return Math.Max(tooMany, 1);
        var fit = 1;
        while (tooMany - fit > 1)
        {
            var middle = fit + ((tooMany - fit) / 2);
            if (Bytes(middle) <= limit) fit = middle;
            else tooMany = middle;
        }

        return fit;
    }

    /// <summary>Workspace size in bytes for a pass of <paramref name="tokens"/> tokens, whatever their experts.</summary>
    public nuint Bytes(int tokens)
    {
        var (slots, blocks, _) = SlotPlanner.Bounds(_tiling, tokens);
        var (panels, activations, outputs, partials) = Floats(tokens);
        var (quantized, tokenScales, rowScales) = Quantized(tokens);
        return CpuWorkspace.Size<SlotSegment>((nuint)blocks) + CpuWorkspace.Size<SlotBlock>((nuint)blocks) + CpuWorkspace.Size<int>((nuint)slots)
            + CpuWorkspace.Size<int>((nuint)_tiling.Experts + 1) + CpuWorkspace.Size<float>(panels) + CpuWorkspace.Size<float>(activations)
            + CpuWorkspace.Size<float>(outputs) + CpuWorkspace.Size<float>(partials)
            + CpuWorkspace.Size<byte>(quantized) + CpuWorkspace.Size<float>(tokenScales) + CpuWorkspace.Size<float>(rowScales);
    }

    /// <summary>Allocates the arrays of a pass from <paramref name="workspace"/> and plans the pass.</summary>
    public void Assign(CpuWorkspace workspace, ref ExpertsArguments call)
    {
        var (slots, blocks, _) = SlotPlanner.Bounds(_tiling, call.Tokens);
        var (panels, activations, outputs, partials) = Floats(call.Tokens);
        var (quantized, tokenScales, rowScales) = Quantized(call.Tokens);
        workspace.Reset(Bytes(call.Tokens));
        call.Plan.Segments = workspace.Take<SlotSegment>((nuint)blocks);
        call.Plan.Blocks = workspace.Take<SlotBlock>((nuint)blocks);
        call.Plan.Slots = workspace.Take<int>((nuint)slots);
        var starts = workspace.Take<int>((nuint)_tiling.Experts + 1);
        call.Packed = workspace.Take<float>(panels);
        call.Activations = workspace.Take<float>(activations);
        call.SlotOutputs = workspace.Take<float>(outputs);
        call.Partials = workspace.Take<float>(partials);
        call.QuantizedHidden = workspace.Take<byte>(quantized);
        call.HiddenScales = workspace.Take<float>(tokenScales);
        call.ActivationScales = workspace.Take<float>(rowScales);
        SlotPlanner.Fill(_tiling, call.Experts, call.ExpertsStride, call.Tokens, starts, ref call.Plan);
    }

    /// <summary>Bytes of quantised hidden states, padded to whole pairs, and of the scales of tokens and planned rows.</summary>
    private (nuint Hidden, nuint TokenScales, nuint RowScales) Quantized(int tokens)
    {
        if (_tiling.QuantizedBytes == 0) return default;
        var (_, _, rows) = SlotPlanner.Bounds(_tiling, tokens);
        return ((nuint)tokens * (nuint)_tiling.QuantizedBytes * (nuint)(hiddenSize + (hiddenSize % 2)), (nuint)tokens, (nuint)rows);
    }

    private (nuint Panels, nuint Activations, nuint Outputs, nuint Partials) Floats(int tokens)
    {
        var (slots, _, rows) = SlotPlanner.Bounds(_tiling, tokens);
        return (
            _tiling.PanelTokens > 0 ? (nuint)rows * (nuint)hiddenSize : 0,
            (nuint)rows * (nuint)intermediateSize,
            (nuint)slots * (nuint)hiddenSize,
            splitK > 1 ? (nuint)splitK * (nuint)slots * (nuint)Math.Max(2 * intermediateSize, hiddenSize) : 0);
    }
}
