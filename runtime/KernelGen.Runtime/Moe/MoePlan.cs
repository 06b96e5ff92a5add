using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>The slots of a call (flat index t · k + j) sorted by expert and cut into blocks.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct MoePlan
{
    /// <summary>Runs of blocks that share an expert: one work item's tokens.</summary>
    public MoeSegment* Segments;

    /// <summary>Number of segments.</summary>
    public int SegmentCount;

    /// <summary>The blocks, expert by expert.</summary>
    public MoeBlock* Blocks;

    /// <summary>Number of blocks.</summary>
    public int BlockCount;

    /// <summary>The slots, expert by expert, in the order of the tokens.</summary>
    public int* Slots;

    /// <summary>Number of slots that have an expert.</summary>
    public int SlotCount;

    /// <summary>Rows of the workspace that the blocks occupy, padding included.</summary>
    public int Rows;
}

/// <summary>Consecutive blocks of one expert.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct MoeSegment
{
    /// <summary>Expert id.</summary>
    public int Expert;

    /// <summary>Index of the first block.</summary>
    public int FirstBlock;

    /// <summary>Number of blocks.</summary>
    public int BlockCount;
}

/// <summary>A few slots of one expert that a kernel takes together.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct MoeBlock
{
    /// <summary>Expert id.</summary>
    public int Expert;

    /// <summary>Tokens side by side in a panel; 0 when the rows lie one after the other.</summary>
    public int Width;

    /// <summary>Number of slots, at most the width of a panel.</summary>
    public int Tokens;

    /// <summary>Index of the first slot in <see cref="MoePlan.Slots"/>.</summary>
    public int FirstSlot;

    /// <summary>First row in the workspace.</summary>
    public int Row;
}
