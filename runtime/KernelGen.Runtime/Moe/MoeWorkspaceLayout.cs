namespace KernelGen.Cpu;

/// <summary>What a pass of a kernel needs of the workspace, and where.</summary>
internal readonly unsafe struct MoeWorkspaceLayout(MoeTiling tiling, int hiddenSize, int intermediateSize, int splitK)
{
    private readonly MoeTiling _tiling = tiling;

    /// <summary>Most of <paramref name="tokens"/> tokens, at least one, whose workspace stays within <paramref name="limit"/> bytes.</summary>
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

    /// <summary>Bytes of a pass over <paramref name="tokens"/> tokens, whatever experts they have.</summary>
    public nuint Bytes(int tokens)
    {
        var (slots, blocks, _) = MoePlanner.Bounds(_tiling, tokens);
        var (panels, activations, outputs, partials) = Floats(tokens);
        var (quantized, tokenScales, rowScales) = Quantized(tokens);
        return MoeWorkspace.Size<MoeSegment>((nuint)blocks) + MoeWorkspace.Size<MoeBlock>((nuint)blocks) + MoeWorkspace.Size<int>((nuint)slots)
            + MoeWorkspace.Size<int>((nuint)_tiling.Experts + 1) + MoeWorkspace.Size<float>(panels) + MoeWorkspace.Size<float>(activations)
            + MoeWorkspace.Size<float>(outputs) + MoeWorkspace.Size<float>(partials)
            + MoeWorkspace.Size<byte>(quantized) + MoeWorkspace.Size<float>(tokenScales) + MoeWorkspace.Size<float>(rowScales);
    }

    /// <summary>Takes the arrays of one pass out of <paramref name="workspace"/> and plans the pass.</summary>
    public void Assign(MoeWorkspace workspace, ref MoeArguments call)
    {
        var (slots, blocks, _) = MoePlanner.Bounds(_tiling, call.Tokens);
        var (panels, activations, outputs, partials) = Floats(call.Tokens);
        var (quantized, tokenScales, rowScales) = Quantized(call.Tokens);
        workspace.Reset(Bytes(call.Tokens));
        call.Plan.Segments = workspace.Take<MoeSegment>((nuint)blocks);
        call.Plan.Blocks = workspace.Take<MoeBlock>((nuint)blocks);
        call.Plan.Slots = workspace.Take<int>((nuint)slots);
        var starts = workspace.Take<int>((nuint)_tiling.Experts + 1);
        call.Packed = workspace.Take<float>(panels);
        call.Activations = workspace.Take<float>(activations);
        call.SlotOutputs = workspace.Take<float>(outputs);
        call.Partials = workspace.Take<float>(partials);
        call.QuantizedHidden = workspace.Take<byte>(quantized);
        call.HiddenScales = workspace.Take<float>(tokenScales);
        call.ActivationScales = workspace.Take<float>(rowScales);
        MoePlanner.Fill(_tiling, call.Experts, call.ExpertsStride, call.Tokens, starts, ref call.Plan);
    }

    /// <summary>Bytes of quantised hidden states, whole pairs of them, and the scales of tokens and planned rows.</summary>
    private (nuint Hidden, nuint TokenScales, nuint RowScales) Quantized(int tokens)
    {
        if (_tiling.QuantizedBytes == 0) return default;
        var (_, _, rows) = MoePlanner.Bounds(_tiling, tokens);
        return ((nuint)tokens * (nuint)_tiling.QuantizedBytes * (nuint)(hiddenSize + (hiddenSize % 2)), (nuint)tokens, (nuint)rows);
    }

    private (nuint Panels, nuint Activations, nuint Outputs, nuint Partials) Floats(int tokens)
    {
        var (slots, _, rows) = MoePlanner.Bounds(_tiling, tokens);
        return (
            _tiling.PanelTokens > 0 ? (nuint)rows * (nuint)hiddenSize : 0,
            (nuint)rows * (nuint)intermediateSize,
            (nuint)slots * (nuint)hiddenSize,
            splitK > 1 ? (nuint)splitK * (nuint)slots * (nuint)Math.Max(2 * intermediateSize, hiddenSize) : 0);
    }
}
