namespace KernelGen.Cpu;

/// <summary>What a pass of a kernel needs of the workspace, and where.</summary>
internal readonly unsafe struct MoeWorkspaceLayout(MoeTiling tiling, int hiddenSize, int intermediateSize, int splitK)
{
    private readonly MoeTiling _tiling = tiling;

    /// <summary>Most tokens, at least one, whose workspace stays within <paramref name="limit"/> bytes.</summary>
    public int TokensWithin(long limit)
    {
        var bytesPerToken = ((long)_tiling.TopK * FloatsPerRow * sizeof(float)) + ((long)_tiling.QuantizedBytes * hiddenSize);
        return (int)Math.Clamp(limit / bytesPerToken, 1, int.MaxValue / (2 * _tiling.TopK));
    }

    /// <summary>Takes the arrays of one pass out of <paramref name="workspace"/> and plans the pass.</summary>
    public void Assign(MoeWorkspace workspace, ref MoeArguments call)
    {
        var (slots, blocks, rows) = MoePlanner.Bounds(_tiling, call.Tokens);
        var panels = _tiling.PanelTokens > 0 ? (nuint)rows * (nuint)hiddenSize : 0;
        var activations = (nuint)rows * (nuint)intermediateSize;
        var outputs = (nuint)slots * (nuint)hiddenSize;
        var partials = splitK > 1 ? (nuint)splitK * (nuint)slots * (nuint)Math.Max(2 * intermediateSize, hiddenSize) : 0;
        var quantized = (nuint)call.Tokens * (nuint)(_tiling.QuantizedBytes * (hiddenSize + (hiddenSize % 2)));
        var (tokenScales, rowScales) = _tiling.QuantizedBytes > 0 ? ((nuint)call.Tokens, (nuint)rows) : (0, 0);
        workspace.Reset(
            MoeWorkspace.Size<MoeSegment>((nuint)blocks) + MoeWorkspace.Size<MoeBlock>((nuint)blocks) + MoeWorkspace.Size<int>((nuint)slots)
            + MoeWorkspace.Size<int>((nuint)_tiling.Experts + 1) + MoeWorkspace.Size<float>(panels) + MoeWorkspace.Size<float>(activations)
            + MoeWorkspace.Size<float>(outputs) + MoeWorkspace.Size<float>(partials)
            + MoeWorkspace.Size<byte>(quantized) + MoeWorkspace.Size<float>(tokenScales) + MoeWorkspace.Size<float>(rowScales));
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

    private long FloatsPerRow
    {
        get
        {
            var packed = _tiling.PanelTokens > 0 ? hiddenSize : 0;
            var partials = splitK > 1 ? (long)splitK * Math.Max(2 * intermediateSize, hiddenSize) : 0;
            return (2L * intermediateSize) + (2L * packed) + hiddenSize + partials;
        }
    }
}
