namespace KernelGen.Compiler.Tuning;

/// <summary>How the experts' CPU kernels tile their work: the configuration that <c>kernelgen tune</c> measures and with which <c>templates/Cpu/FusedMoe.cs</c> is specialised.</summary>
/// <param name="VectorBits">Width of the widest vectors to use: 128, 256 or 512 bits. The tile is for these; kernels with narrower vectors keep the heuristic's tile.</param>
/// <param name="PanelVectors">Width of a register tile in vectors of tokens.</param>
/// <param name="RowTokens">Maximum number of an expert's tokens that are computed row by row against streaming weights.</param>
/// <param name="Depth">K-range whose weights are staged in the L1 cache at a time.</param>
/// <param name="GateUp">The tile of the first GEMM.</param>
/// <param name="Down">The tile of the second GEMM.</param>
public sealed record CpuTile(int VectorBits, int PanelVectors, int RowTokens, int Depth, CpuProductTile GateUp, CpuProductTile Down)
{
    /// <summary>Maximum number of columns per work item.</summary>
    public const int MaxColumns = 1024;

    /// <summary>Maximum K-range that is staged at a time.</summary>
    public const int MaxDepth = 4096;

    /// <summary>Maximum number of tokens that are computed row by row.</summary>
    public const int MaxRowTokens = 8;

    // AVX-512 and Arm have 32. With AVX2's 16, the rest spills, which is slow but correct.
    private const int Registers = 32;

    // Part of a worker's stack, which is 1.5 MiB on the strictest systems.
    private const int MaxStackBytes = 512 << 10;

    private const int SegmentBlocks = 16;

    /// <summary>Elements per vector.</summary>
    public int Lanes => VectorBits / 32;

    /// <summary>Tokens per full panel; <c>BLOCK_SIZE_M</c> in a file.</summary>
    public int PanelTokens => PanelVectors * Lanes;

    /// <summary>The tile in a name, such as <c>v512m32r8d512n48t12</c>.</summary>
    public string Name =>
        FormattableString.Invariant($"v{VectorBits}m{PanelTokens}r{RowTokens}d{Depth}{GateUp.Name}") + (Down == GateUp ? "" : Down.Name);

    /// <summary>What is wrong with the configuration, and the key in <see cref="TuningKeys"/>, or null.</summary>
    public (string Key, string Message)? Problem() =>
        !IsWidth(VectorBits) ? (TuningKeys.VectorBits, $"{TuningKeys.VectorBits} is {VectorBits}; vectors have 128, 256 or 512 bits")
        : PanelVectors is < 1 or > 4 ? (TuningKeys.BlockM, $"{TuningKeys.BlockM} is {PanelTokens}; panels have 1 to 4 vectors of {Lanes} tokens")
        : RowTokens is < 1 or > MaxRowTokens ? (TuningKeys.RowM, $"{TuningKeys.RowM} is {RowTokens}; it must be from 1 to {MaxRowTokens}")
        : Depth < 64 || Depth > MaxDepth || Depth % 64 != 0 ? (TuningKeys.BlockK, $"{TuningKeys.BlockK} is {Depth}; it must be a multiple of 64 up to {MaxDepth}")
        : Problem(GateUp) ?? Problem(Down);

    /// <summary>The tile of a file's entries.</summary>
    /// <exception cref="TuningFileException">A number is missing or invalid.</exception>
    public static CpuTile Of(TuningEntry gateUp, TuningEntry down)
    {
        var bits = Require(gateUp, TuningKeys.VectorBits);
        var tokens = Require(gateUp, TuningKeys.BlockM);
        var lanes = bits / 32;
        if (IsWidth(bits) && tokens % lanes != 0)
            throw new TuningFileException($"{TuningKeys.BlockM} is {tokens}; panels are whole vectors of {lanes} tokens", gateUp.PlaceOf(TuningKeys.BlockM));
        foreach (var key in new[] { TuningKeys.VectorBits, TuningKeys.BlockM, TuningKeys.BlockK, TuningKeys.RowM })
        {
            if (gateUp[key] != down[key]) throw new TuningFileException($"{key} is {down[key]} for the second GEMM, but {gateUp[key]} for the first; on a CPU they must be equal", down.PlaceOf(key));
        }

        var tile = new CpuTile(bits, tokens / lanes, Require(gateUp, TuningKeys.RowM), Require(gateUp, TuningKeys.BlockK), Product(gateUp), Product(down));
        if (tile.Problem() is not var (wrong, message)) return tile;
        throw new TuningFileException(message, tile.Problem(tile.GateUp) is null ? down.PlaceOf(wrong) : gateUp.PlaceOf(wrong));
    }

    /// <summary>The file entry for the first GEMM, or for both if they share a file.</summary>
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
        entry[key] ?? throw new TuningFileException($"the entry of {entry.Tokens} tokens has no {key}, which is required for a CPU", entry.Place);

    private (string Key, string Message)? Problem(CpuProductTile product)
    {
        if (product.Rows < 2 || product.Rows % 2 != 0) return (TuningKeys.TileN, $"{TuningKeys.TileN} is {product.Rows}; half of a tile's rows are gates, so it must be even");
        var registers = (product.Rows * PanelVectors) + PanelVectors + 1;
        if (registers > Registers)
            return (TuningKeys.TileN, $"{TuningKeys.TileN} {product.Rows} by {PanelVectors} vectors of tokens takes {registers} registers; there are {Registers}");

        // Rows are also processed eight and four at a time, and no tile may extend into the next work item's columns.
        var unit = LeastCommonMultiple(product.Rows, 8);
        if (product.Columns > MaxColumns || product.Columns % unit != 0)
            return (TuningKeys.BlockN, $"{TuningKeys.BlockN} is {product.Columns}; with {TuningKeys.TileN} {product.Rows} it must be a multiple of {unit} up to {MaxColumns}");
        return StackBytes(product) <= MaxStackBytes
            ? null
            : (TuningKeys.BlockN, $"the tile keeps {StackBytes(product) >> 10} KiB on the stack, and {MaxStackBytes >> 10} KiB are allowed: {TuningKeys.BlockN} {product.Columns}, {TuningKeys.BlockK} {Depth} or {TuningKeys.BlockM} {PanelTokens} is too large");
    }

    // The accumulators of a segment's panels, staged weights, and the accumulators of the rows that remain of a panel.
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

/// <summary>How the CPU kernel tiles one GEMM.</summary>
/// <param name="Rows">Weight rows of a register tile; <c>TILE_SIZE_N</c> in a file. In the first GEMM of gated experts, half of them are gate rows.</param>
/// <param name="Columns">Columns per work item; <c>BLOCK_SIZE_N</c> in a file.</param>
public sealed record CpuProductTile(int Rows, int Columns)
{
    internal string Name => FormattableString.Invariant($"n{Columns}t{Rows}");
}
