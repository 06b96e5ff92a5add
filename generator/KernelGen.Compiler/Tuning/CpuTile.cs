namespace KernelGen.Compiler.Tuning;

/// <summary>How the CPU kernels of experts cut their work: the numbers that <c>kernelgen tune</c> measures and <c>templates/Cpu/FusedMoe.cs</c> is specialised with.</summary>
/// <param name="VectorBits">Bits of the widest vectors that are used: 128, 256 or 512. The tile is for these; kernels of narrower vectors have their usual one.</param>
/// <param name="PanelVectors">Vectors of tokens that a register tile is wide.</param>
/// <param name="RowTokens">Most tokens that, alone, are taken as rows against streaming weights.</param>
/// <param name="Depth">Part of the reduction whose weights are staged in the first-level cache at a time.</param>
/// <param name="GateUp">The first product.</param>
/// <param name="Down">The second product.</param>
public sealed record CpuTile(int VectorBits, int PanelVectors, int RowTokens, int Depth, CpuProductTile GateUp, CpuProductTile Down)
{
    /// <summary>Most columns that a work item computes.</summary>
    public const int MaxColumns = 1024;

    /// <summary>Most of the reduction that is staged at a time.</summary>
    public const int MaxDepth = 4096;

    /// <summary>Most tokens that are taken as rows.</summary>
    public const int MaxRowTokens = 8;

    // AVX-512 and Arm have 32; what exceeds the 16 of AVX2 spills there, which is slow and right.
    private const int Registers = 32;

    // Of a worker's stack, which has 1.5 MiB on the strictest systems.
    private const int MaxStackBytes = 512 << 10;

    private const int SegmentBlocks = 16;

    /// <summary>Numbers of a vector.</summary>
    public int Lanes => VectorBits / 32;

    /// <summary>Tokens of a full panel, which a file calls <c>BLOCK_SIZE_M</c>.</summary>
    public int PanelTokens => PanelVectors * Lanes;

    /// <summary>The tile in a name, such as <c>v512m32r8d512n48t12</c>.</summary>
    public string Name =>
        FormattableString.Invariant($"v{VectorBits}m{PanelTokens}r{RowTokens}d{Depth}{GateUp.Name}") + (Down == GateUp ? "" : Down.Name);

    /// <summary>What is wrong with the numbers, and which of <see cref="TuningKeys"/> has it; null if nothing is.</summary>
    public (string Key, string Message)? Problem() =>
        !IsWidth(VectorBits) ? (TuningKeys.VectorBits, $"{TuningKeys.VectorBits} is {VectorBits}; vectors have 128, 256 or 512 bits")
        : PanelVectors is < 1 or > 4 ? (TuningKeys.BlockM, $"{TuningKeys.BlockM} is {PanelTokens}; panels have 1 to 4 vectors of {Lanes} tokens")
        : RowTokens is < 1 or > MaxRowTokens ? (TuningKeys.RowM, $"{TuningKeys.RowM} is {RowTokens}; 1 to {MaxRowTokens} tokens can be taken as rows")
        : Depth < 64 || Depth > MaxDepth || Depth % 64 != 0 ? (TuningKeys.BlockK, $"{TuningKeys.BlockK} is {Depth}; it must be a multiple of 64 up to {MaxDepth}")
        : Problem(GateUp) ?? Problem(Down);

    /// <summary>The tile of a file's entries.</summary>
    /// <exception cref="TuningFileException">A number is missing or not possible.</exception>
    public static CpuTile Of(TuningEntry gateUp, TuningEntry down)
    {
        var bits = Require(gateUp, TuningKeys.VectorBits);
        var tokens = Require(gateUp, TuningKeys.BlockM);
        var lanes = bits / 32;
        if (IsWidth(bits) && tokens % lanes != 0)
            throw new TuningFileException($"{TuningKeys.BlockM} is {tokens}; panels are whole vectors of {lanes} tokens", gateUp.PlaceOf(TuningKeys.BlockM));
        foreach (var key in new[] { TuningKeys.VectorBits, TuningKeys.BlockM, TuningKeys.BlockK, TuningKeys.RowM })
        {
            if (gateUp[key] != down[key]) throw new TuningFileException($"{key} is {down[key]} for the second product, but {gateUp[key]} for the first; on a CPU both share it", down.PlaceOf(key));
        }

        var tile = new CpuTile(bits, tokens / lanes, Require(gateUp, TuningKeys.RowM), Require(gateUp, TuningKeys.BlockK), Product(gateUp), Product(down));
        if (tile.Problem() is not var (wrong, message)) return tile;
        throw new TuningFileException(message, tile.Problem(tile.GateUp) is null ? down.PlaceOf(wrong) : gateUp.PlaceOf(wrong));
    }

    /// <summary>The entry of a file for the first product, and for the second where they share a file.</summary>
    public TuningEntry ToEntry(int tokens, int splitK) => ToEntry(tokens, splitK, GateUp);

    /// <summary>The entry of a <c>_down</c> file.</summary>
    public TuningEntry ToDownEntry(int tokens, int splitK) => ToEntry(tokens, splitK, Down);

    private TuningEntry ToEntry(int tokens, int splitK, CpuProductTile product) => new(
        tokens,
        (TuningKeys.BlockM, PanelTokens),
        (TuningKeys.BlockN, product.Columns),
        (TuningKeys.BlockK, Depth),
        (TuningKeys.SplitK, splitK),
        (TuningKeys.VectorBits, VectorBits),
        (TuningKeys.TileN, product.Rows),
        (TuningKeys.RowM, RowTokens));

    private static CpuProductTile Product(TuningEntry entry) => new(Require(entry, TuningKeys.TileN), Require(entry, TuningKeys.BlockN));

    private static int Require(TuningEntry entry, string key) =>
        entry[key] ?? throw new TuningFileException($"the entry of {entry.Tokens} tokens has no {key}, which one for a CPU needs", entry.Place);

    private (string Key, string Message)? Problem(CpuProductTile product)
    {
        if (product.Rows < 2 || product.Rows % 2 != 0) return (TuningKeys.TileN, $"{TuningKeys.TileN} is {product.Rows}; half of a tile's rows are gates, so it must be even");
        var registers = (product.Rows * PanelVectors) + PanelVectors + 1;
        if (registers > Registers)
            return (TuningKeys.TileN, $"{TuningKeys.TileN} {product.Rows} by {PanelVectors} vectors of tokens takes {registers} registers; there are {Registers}");

        // Rows are also taken eight and four at a time, and no tile may reach into the next work item's columns.
        var unit = LeastCommonMultiple(product.Rows, 8);
        if (product.Columns > MaxColumns || product.Columns % unit != 0)
            return (TuningKeys.BlockN, $"{TuningKeys.BlockN} is {product.Columns}; with {TuningKeys.TileN} {product.Rows} it must be a multiple of {unit} up to {MaxColumns}");
        return StackBytes(product) <= MaxStackBytes
            ? null
            : (TuningKeys.BlockN, $"the tile keeps {StackBytes(product) >> 10} KiB on the stack, and {MaxStackBytes >> 10} KiB are allowed: {TuningKeys.BlockN} {product.Columns}, {TuningKeys.BlockK} {Depth} or {TuningKeys.BlockM} {PanelTokens} is too large");
    }

    // The sums of a segment's panels, staged weights, and the sums of rows that are left over of a panel.
    private int StackBytes(CpuProductTile product) => sizeof(float)
        * ((SegmentBlocks * (product.Columns + product.Rows) * PanelTokens) + (product.Rows * (Depth + 16)) + (2 * Math.Max(MaxRowTokens, Lanes) * product.Columns));

    private static bool IsWidth(int bits) => bits is 128 or 256 or 512;

    private static int LeastCommonMultiple(int a, int b)
    {
        var multiple = a;
        while (multiple % b != 0) multiple += a;
        return multiple;
    }
}

/// <summary>How the CPU kernel of one product cuts its work.</summary>
/// <param name="Rows">Weight rows of a register tile, which a file calls <c>TILE_SIZE_N</c>; of gated experts, half of the first product's are gate rows.</param>
/// <param name="Columns">Columns that one work item computes, which a file calls <c>BLOCK_SIZE_N</c>.</param>
public sealed record CpuProductTile(int Rows, int Columns)
{
    internal string Name => FormattableString.Invariant($"n{Columns}t{Rows}");
}
