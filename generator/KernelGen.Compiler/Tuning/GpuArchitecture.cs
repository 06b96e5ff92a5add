using KernelGen.Compiler.Ptx;

namespace KernelGen.Compiler.Tuning;

/// <summary>What a generation of NVIDIA's devices gives a tensor-core kernel.</summary>
/// <param name="Name">Compute capability, such as <c>SM90</c>.</param>
/// <param name="SharedBytes">Shared memory that one group of threads can have.</param>
/// <param name="HasWgmma">Whether the device has <c>wgmma</c>.</param>
public sealed record GpuArchitecture(string Name, int SharedBytes, bool HasWgmma)
{
    /// <summary>Accumulators of a thread, at most: half of its 255 registers are left for everything else.</summary>
    public const int MaxAccumulators = 128;

    // Its operands come from shared memory; 192 spilled.
    private const int MaxAccumulatorsOfWeightsLeft = 176;

    // By the names that drivers report. What is not listed has at least compute capability 8.6 and 99 KiB: GeForce, RTX, L4, L40, A10.
    private static readonly (string[] Names, GpuArchitecture Architecture)[] Known =
    [
        (["H100", "H200", "H800", "H20", "GH200"], new("SM90", 227 << 10, HasWgmma: true)),
        (["B100", "B200", "B300", "GB200", "GB300"], new("SM100", 227 << 10, HasWgmma: false)),
        (["A100", "A800", "A30"], new("SM80", 163 << 10, HasWgmma: false)),
    ];

    private static readonly GpuArchitecture Other = new("SM89", 99 << 10, HasWgmma: false);

    /// <summary>The architecture of a device, by the name that files have for it; null for what is not NVIDIA's.</summary>
    public static GpuArchitecture? Of(string deviceName)
    {
        if (!deviceName.StartsWith("NVIDIA", StringComparison.Ordinal)) return null;
        var words = deviceName.Split('_', '-');
        var known = Known.FirstOrDefault(entry => entry.Names.Any(words.Contains));
        return known.Architecture ?? Other;
    }

    /// <summary>What is wrong with a tile on this device; null if nothing is.</summary>
    public string? Problem(GroupedGemmTile tile, int columns, int reduction)
    {
        if (tile.IsSpecialised && !HasWgmma) return $"{Name} has no wgmma";
        if (tile.Chained && !HasWgmma) return $"{Name} does not start a kernel while the one before it runs";
        if (tile.SharedBytes > SharedBytes) return $"{tile.Stages} stages take {tile.SharedBytes} bytes of shared memory; {Name} has {SharedBytes}";
        var accumulators = tile.WarpM * tile.WarpN / 32;
        var most = tile.WeightsLeft ? MaxAccumulatorsOfWeightsLeft : MaxAccumulators;
        if (accumulators > most) return $"{accumulators} accumulators a thread leave no registers; there may be {most}";
        return tile.Problem(columns, reduction);
    }
}
