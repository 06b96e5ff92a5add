using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Tuning;

/// <summary>The tensor-core tiles that a tuning file chooses on one device.</summary>
/// <param name="DeviceName">The device name as in file names.</param>
/// <param name="Choices">In ascending order of token counts.</param>
public sealed record DeviceTuning(string DeviceName, EquatableArray<DeviceChoice> Choices)
{
    /// <summary>The suffix of a variant's name: the tiles if there is one pair, otherwise a hash of all of them.</summary>
    internal static string NameOf(EquatableArray<DeviceTuning> devices)
    {
        if (devices.Count == 0) return "";
        if (devices.Count == 1 && devices[0].Choices.Count == 1) return $"_{devices[0].Choices[0].Name}";
        var text = string.Join(";", devices.Select(device => $"{device.DeviceName}:{string.Join(",", device.Choices.Select(choice => $"{choice.MaxTokens}={choice.Name}"))}"));
        var hash = text.Aggregate(2166136261u, (sum, letter) => unchecked((sum ^ letter) * 16777619u)); // FNV-1a is the same in every process
        return FormattableString.Invariant($"_tuned{hash:x8}");
    }
}

/// <summary>The tiles for a range of token counts.</summary>
/// <param name="MaxTokens">Inclusive end of the range; <see cref="int.MaxValue"/> for the last one.</param>
/// <param name="GateUp">Tile of the first GEMM.</param>
/// <param name="Down">Tile of the second GEMM, with the same number of rows.</param>
public sealed record DeviceChoice(int MaxTokens, GroupedGemmTile GateUp, GroupedGemmTile Down)
{
    /// <summary>Number of Split-K slices; one of the GEMMs may have a single slice.</summary>
    public int SplitK => Math.Max(GateUp.SplitK, Down.SplitK);

    /// <summary>Whether the kernels need compute capability 9.0.</summary>
    public bool NeedsSm90 => IsForSm90(GateUp) || IsForSm90(Down);

    internal string Name => GateUp == Down ? GateUp.Name : $"{GateUp.Name}_{Down.Name}";

    private static bool IsForSm90(GroupedGemmTile tile) => tile.IsSpecialised || tile.Chained;
}
