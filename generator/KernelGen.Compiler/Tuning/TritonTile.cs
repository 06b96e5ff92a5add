using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Tuning;

/// <summary>An entry of a GPU's tuning file: the sizes of a fused-MoE kernel in Triton.</summary>
/// <param name="BlockM">Rows per block.</param>
/// <param name="BlockN">Columns per block.</param>
/// <param name="BlockK">K-depth of a stage.</param>
/// <param name="GroupM">Number of row blocks that are processed in turn for the same columns.</param>
/// <param name="Warps">Warps per block.</param>
/// <param name="Stages">Stages of the software pipeline.</param>
/// <param name="SplitK">Number of Split-K slices.</param>
public sealed record TritonTile(int BlockM, int BlockN, int BlockK, int GroupM, int Warps, int Stages, int SplitK = 1)
{
    /// <summary>The tile of an entry, with Triton's defaults for omitted keys.</summary>
    public static TritonTile Of(TuningEntry entry) => new(
        entry[TuningKeys.BlockM]!.Value,
        entry[TuningKeys.BlockN]!.Value,
        entry[TuningKeys.BlockK]!.Value,
        entry[TuningKeys.GroupM] ?? 1,
        entry[TuningKeys.Warps] ?? 4,
        entry[TuningKeys.Stages] ?? 3,
        entry[TuningKeys.SplitK] ?? 1);

    /// <summary>The sizes that one of our tiles has in common with Triton's.</summary>
    public static TritonTile Of(GroupedGemmTile tile) =>
        new(tile.BlockM, tile.BlockN, tile.BlockK, tile.GroupM, tile.WarpsM * tile.WarpsN, tile.Stages, tile.SplitK);

    /// <summary>The entry of a file. SPLIT_K is written if there are several slices.</summary>
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

    /// <summary>Shared memory of Triton's pipeline: (stages − 1) · BK · (BM · bytes per input + BN · bytes per weight).</summary>
    public long SharedBytes(int inputBytes, int weightBytes) => (long)Math.Max(Stages - 1, 0) * BlockK * (((long)BlockM * inputBytes) + ((long)BlockN * weightBytes));
}
