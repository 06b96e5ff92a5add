using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Tuning;

/// <summary>An entry of a GPU's tuning file: the sizes that a fused-MoE kernel in Triton takes.</summary>
/// <param name="BlockM">Rows of a block.</param>
/// <param name="BlockN">Columns of a block.</param>
/// <param name="BlockK">Elements of the reduction in a stage.</param>
/// <param name="GroupM">Blocks of rows that take turns.</param>
/// <param name="Warps">Warps of a block.</param>
/// <param name="Stages">Stages of the pipeline.</param>
/// <param name="SplitK">Slices of the reduction.</param>
public sealed record TritonTile(int BlockM, int BlockN, int BlockK, int GroupM, int Warps, int Stages, int SplitK = 1)
{
    /// <summary>The tile of an entry. Triton's defaults stand for what it leaves out.</summary>
    public static TritonTile Of(TuningEntry entry) => new(
        entry[TuningKeys.BlockM]!.Value,
        entry[TuningKeys.BlockN]!.Value,
        entry[TuningKeys.BlockK]!.Value,
        entry[TuningKeys.GroupM] ?? 1,
        entry[TuningKeys.Warps] ?? 4,
        entry[TuningKeys.Stages] ?? 3,
        entry[TuningKeys.SplitK] ?? 1);

    /// <summary>The sizes that a tile of ours has in common with one in Triton.</summary>
    public static TritonTile Of(GroupedGemmTile tile) =>
        new(tile.BlockM, tile.BlockN, tile.BlockK, tile.GroupM, tile.WarpsM * tile.WarpsN, tile.Stages, tile.SplitK);

    /// <summary>The entry of a file. Slices are written where there are several.</summary>
    public TuningEntry ToEntry(int tokens)
    {
        var values = new List<(string, int)>
        {
            (TuningKeys.BlockM, BlockM),
            (TuningKeys.BlockN, BlockN),
            (TuningKeys.BlockK, BlockK),
            (TuningKeys.GroupM, GroupM),
            (TuningKeys.Warps, Warps),
            (TuningKeys.Stages, Stages),
        };
        if (SplitK > 1) values.Add((TuningKeys.SplitK, SplitK));
        return new TuningEntry(tokens, values.ToArray());
    }

    /// <summary>Shared memory of Triton's pipeline: (stages − 1) · BK · (BM · bytes of an input + BN · bytes of a weight).</summary>
    public long SharedBytes(int inputBytes, int weightBytes) => (long)Math.Max(Stages - 1, 0) * BlockK * (((long)BlockM * inputBytes) + ((long)BlockN * weightBytes));
}
