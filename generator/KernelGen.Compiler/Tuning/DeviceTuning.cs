using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Tuning;

/// <summary>The tensor-core tiles that a tuning file chooses on one device.</summary>
/// <param name="DeviceName">The device, as file names have it.</param>
/// <param name="Choices">By numbers of tokens, the fewest first.</param>
public sealed record DeviceTuning(string DeviceName, EquatableArray<DeviceChoice> Choices)
{
    /// <summary>What a variant's name gets for its devices: the tiles where there is one pair, else a number made of them all.</summary>
    internal static string NameOf(EquatableArray<DeviceTuning> devices)
    {
        if (devices.Count == 0) return "";
        if (devices.Count == 1 && devices[0].Choices.Count == 1) return $"_{devices[0].Choices[0].Name}";
        var text = string.Join(";", devices.Select(device => $"{device.DeviceName}:{string.Join(",", device.Choices.Select(choice => $"{choice.MaxTokens}={choice.Name}"))}"));
        var hash = text.Aggregate(2166136261u, (sum, letter) => unchecked((sum ^ letter) * 16777619u)); // FNV-1a: the same in every process
        return FormattableString.Invariant($"_tuned{hash:x8}");
    }
}

/// <summary>The tiles that serve a range of token numbers.</summary>
/// <param name="MaxTokens">The range's end, included; <see cref="int.MaxValue"/> for the last one.</param>
/// <param name="GateUp">Tile of the first product.</param>
/// <param name="Down">Tile of the second product, with as many rows.</param>
public sealed record DeviceChoice(int MaxTokens, GroupedGemmTile GateUp, GroupedGemmTile Down)
{
    /// <summary>Slices of the reductions; one of the products may have a single one.</summary>
    public int SplitK => Math.Max(GateUp.SplitK, Down.SplitK);

    /// <summary>Whether the kernels need compute capability 9.0.</summary>
    public bool NeedsSm90 => IsForSm90(GateUp) || IsForSm90(Down);

    internal string Name => GateUp == Down ? GateUp.Name : $"{GateUp.Name}_{Down.Name}";

    private static bool IsForSm90(GroupedGemmTile tile) => tile.IsSpecialised || tile.Chained;
}
