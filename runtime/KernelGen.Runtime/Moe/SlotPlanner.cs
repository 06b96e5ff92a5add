using System.Globalization;

namespace KernelGen.Cpu;

/// <summary>Sorts slots by expert (a counting sort, stable in the tokens) and divides each expert's range into blocks.</summary>
internal static unsafe class SlotPlanner
{
    /// <summary>Worst-case array sizes of the plan for a call with <paramref name="tokens"/> tokens.</summary>
    public static (int Slots, int Blocks, int Rows) Bounds(in ExpertsTiling tiling, int tokens)
    {
        var slots = tokens * tiling.TopK;
        var experts = Math.Min(tiling.Experts, slots);
        var full = tiling.PanelTokens > 0 ? tiling.PanelTokens : tiling.RowTokens;
        return (slots, (slots / full) + (2 * experts), slots + Padding(tiling, slots)); // a remainder is at most two blocks
    }

    /// <summary>Maximum number of rows without a slot: only a remainder too long for row blocks leaves part of its panel empty.</summary>
    private static int Padding(in ExpertsTiling tiling, int slots)
    {
        if (tiling.PanelTokens == 0) return 0;
        var fewest = tiling.RowTokens + 1;
        var ofOne = Math.Max(tiling.NarrowTokens - fewest, tiling.PanelTokens - tiling.NarrowTokens - fewest);
        return Math.Min(tiling.Experts, slots / fewest) * Math.Max(ofOne, 0);
    }

    /// <summary>Fills <paramref name="plan"/>, whose arrays have at least the sizes of <see cref="Bounds"/>.</summary>
    /// <param name="starts">Scratch space for E + 1 numbers.</param>
    /// <exception cref="ArgumentOutOfRangeException">An expert id is neither −1 nor within 0 … E − 1.</exception>
    public static void Fill(in ExpertsTiling tiling, int* experts, nint stride, int tokens, int* starts, ref SlotPlan plan)
    {
        new Span<int>(starts, tiling.Experts + 1).Clear();
        for (var token = 0; token < tokens; token++)
        {
            var row = experts + (token * stride);
            for (var j = 0; j < tiling.TopK; j++)
            {
                if ((uint)row[j] < (uint)tiling.Experts) starts[row[j] + 1]++;
                else if (row[j] != -1) ThrowUnknownExpert(row[j], token, j, tiling.Experts);
            }
        }

        for (var expert = 0; expert < tiling.Experts; expert++) starts[expert + 1] += starts[expert];
        plan.SlotCount = starts[tiling.Experts];
        plan.BlockCount = plan.SegmentCount = plan.Rows = 0;
        for (var expert = 0; expert < tiling.Experts; expert++) CutRun(tiling, expert, starts[expert], starts[expert + 1], ref plan);

        for (var token = 0; token < tokens; token++)
        {
            var row = experts + (token * stride);
            for (var j = 0; j < tiling.TopK; j++)
            {
                if (row[j] >= 0) plan.Slots[starts[row[j]]++] = (token * tiling.TopK) + j;
            }
        }
    }

    private static void CutRun(in ExpertsTiling tiling, int expert, int slot, int end, ref SlotPlan plan)
    {
        var blocksLeft = 0;
        while (slot < end)
        {
            var left = end - slot;
            var width = BlockWidth(tiling, left);
            var tokens = Math.Min(left, width == 0 ? tiling.RowTokens : width);
            if (blocksLeft == 0)
            {
                plan.Segments[plan.SegmentCount++] = new SlotSegment { Expert = expert, FirstBlock = plan.BlockCount };
                blocksLeft = tiling.SegmentBlocks;
            }

            plan.Segments[plan.SegmentCount - 1].BlockCount++;
            blocksLeft--;
            plan.Blocks[plan.BlockCount++] = new SlotBlock { Expert = expert, Width = width, Tokens = tokens, FirstSlot = slot, Row = plan.Rows };
            plan.Rows += width == 0 ? tokens : width;
            slot += tokens;
        }
    }

    // A row costs its share of a panel and a little more: only a panel that is almost full is worth padding.
    private static int BlockWidth(in ExpertsTiling tiling, int left)
    {
        if (left <= tiling.RowTokens || tiling.PanelTokens == 0) return 0;
        return left <= tiling.NarrowTokens + tiling.RowTokens ? tiling.NarrowTokens : tiling.PanelTokens;
    }

    private static void ThrowUnknownExpert(int id, int token, int slot, int experts) => throw new ArgumentOutOfRangeException(
        nameof(experts),
        id,
        string.Create(CultureInfo.InvariantCulture, $"experts[{token}, {slot}] is {id}; expected an id from 0 to {experts - 1}, or -1 for none"));
}
