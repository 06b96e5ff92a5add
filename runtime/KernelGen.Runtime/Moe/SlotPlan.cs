using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>The slots of a call (flat index t · k + j), sorted by expert and divided into blocks.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct SlotPlan
{
    /// <summary>Ranges of blocks of one expert: the tokens of one work item.</summary>
    public SlotSegment* Segments;

    /// <summary>Number of segments.</summary>
    public int SegmentCount;

    /// <summary>The blocks, expert by expert.</summary>
    public SlotBlock* Blocks;

    /// <summary>Number of blocks.</summary>
    public int BlockCount;

    /// <summary>The slots, expert by expert, in token order.</summary>
    public int* Slots;

    /// <summary>Number of slots with an expert.</summary>
    public int SlotCount;

    /// <summary>Number of workspace rows that the blocks occupy, including padding.</summary>
    public int Rows;
}

/// <summary>Consecutive blocks of one expert.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct SlotSegment
{
    /// <summary>Expert id.</summary>
    public int Expert;

    /// <summary>Index of the first block.</summary>
    public int FirstBlock;

    /// <summary>Number of blocks.</summary>
    public int BlockCount;
}

/// <summary>Slots of one expert that a kernel processes together.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct SlotBlock
{
    /// <summary>Expert id.</summary>
    public int Expert;

    /// <summary>Number of tokens side by side in a panel; 0 if the rows follow each other.</summary>
    public int Width;

    /// <summary>Number of slots, at most the panel width.</summary>
    public int Tokens;

    /// <summary>Index of the first slot in <see cref="SlotPlan.Slots"/>.</summary>
    public int FirstSlot;

    /// <summary>First row in the workspace.</summary>
    public int Row;
}
