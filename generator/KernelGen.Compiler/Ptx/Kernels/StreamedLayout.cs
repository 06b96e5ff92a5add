namespace KernelGen.Compiler.Ptx;

/// <summary>How a kernel that streams divides a tile among lanes, loads and units of 32 elements.</summary>
internal sealed class StreamedLayout(GroupedGemmShape shape, GroupedGemmTile tile)
{
    /// <summary>Elements of the reduction of which a lane multiplies eight neighbours.</summary>
    public const int UnitElements = 32;

    /// <summary>Neighbouring slots whose sums of a fragment a lane has.</summary>
    public const int SlotsOfLane = 2;

    /// <summary>The sizes.</summary>
    public GroupedGemmShape Shape => shape;

    /// <summary>The tile.</summary>
    public GroupedGemmTile Tile => tile;

    /// <summary>Times eight columns; a lane has weights of one of each eight.</summary>
    public int Eights => tile.BlockN / 8;

    /// <summary>Times eight slots, as many as one <c>mma</c> multiplies.</summary>
    public int SlotFragments => tile.BlockM / 8;

    /// <summary>Elements of a block that one warp multiplies.</summary>
    public int ElementsOfWarp => tile.BlockK / tile.WarpsN;

    /// <summary>Registers that eight weights lie in.</summary>
    public int WordsOfEight => WeightConversion.WordsOf(shape.WeightType);

    /// <summary>Registers that a lane loads at once: 16 bytes of a row, fewer where four lanes' would not be of one group.</summary>
    public int LoadedWords => FitsLoad(4) ? 4 : FitsLoad(2) ? 2 : 1;

    /// <summary>Elements that a load of all lanes covers.</summary>
    public int LoadedElements => ElementsOf(LoadedWords);

    /// <summary>Loads of a turn, which is what a warp has of a block.</summary>
    public int LoadsOfTurn => ElementsOfWarp / LoadedElements;

    /// <summary>Units that a load covers.</summary>
    public int UnitsOfLoad => LoadedWords / WordsOfEight;

    /// <summary>Groups of scales in a turn.</summary>
    public int GroupsOfTurn => shape.HasGroups ? Math.Max(ElementsOfWarp / shape.GroupSize, 1) : 0;

    /// <summary>Elements of a warp that share scales.</summary>
    public int ScaledElements => Math.Min(shape.GroupSize, ElementsOfWarp);

    /// <summary>Bytes that the loads of a turn have of each row of weights, next to each other.</summary>
    public int TurnBytes => shape.WeightBytes(tile.BlockK);

    /// <summary>Bytes of an activation.</summary>
    public int InputBytes => shape.QuantizedInputs ? 1 : 2;

    /// <summary>Registers that a lane's activations of a unit and a slot are loaded into.</summary>
    public int InputWords => UnitElements / 4 * InputBytes / 4;

    /// <summary>Whether activations have scales of groups.</summary>
    public bool HasInputGroups => shape.QuantizedInputs && shape.HasGroups;

    /// <summary>Slots that a lane has sums of: the fragment, and which of its neighbours.</summary>
    public IEnumerable<(int Slots, int X)> Slots() => from slots in Enumerable.Range(0, SlotFragments) from x in Enumerable.Range(0, SlotsOfLane) select (slots, x);

    /// <summary>Where the rows of eight columns start; eight gate rows and the eight up rows of the same columns take turns.</summary>
    public (bool IsUp, int Row) PlaceOf(int eight) => shape.IsPaired ? (eight % 2 == 1, eight / 2 * 8) : (false, eight * 8);

    /// <summary>The product's column, from the lane's first one, of eight columns.</summary>
    public long ColumnOf(int eight) => PlaceOf(eight) is var (isUp, row) ? row + (isUp ? shape.IntermediateSize : 0) : 0;

    /// <summary>The problem of the tile, or null.</summary>
    public string? Problem()
    {
        if (shape.WeightType == DType.BFloat16) return "streaming kernels do not support bfloat16 weights";
        if (shape.QuantizedInputs && shape.WeightType != DType.Float8E4M3) return $"streaming kernels accumulate in single precision, which is not exact for {shape.WeightType}";
        if (shape.WeightType == DType.Float32) return GroupedGemmShape.ProblemOfFloat32;
        if (tile.BlockK % (tile.WarpsN * UnitElements) != 0) return $"{tile.WarpsN} warps cannot share blocks of {tile.BlockK} elements";
        return shape.HasGroups && (shape.GroupSize % UnitElements != 0 || (ElementsOfWarp % shape.GroupSize != 0 && shape.GroupSize % ElementsOfWarp != 0))
            ? $"groups of {shape.GroupSize} and a warp's {ElementsOfWarp} elements do not divide each other"
            : null;
    }

    private int ElementsOf(int words) => words / WordsOfEight * UnitElements;

    private bool FitsLoad(int words) => words >= WordsOfEight && ElementsOfWarp % ElementsOf(words) == 0 && (!shape.HasGroups || shape.GroupSize % ElementsOf(words) == 0);
}
