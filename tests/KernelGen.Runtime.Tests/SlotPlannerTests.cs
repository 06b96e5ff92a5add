using KernelGen.Cpu;
using KernelGen.Testing;

namespace KernelGen.Tests;

public sealed unsafe class SlotPlannerTests(ITestOutputHelper output)
{
    [Fact]
    public void SortsThePublishedExample()
    {
        // ids [[2,3,4],[1,2,4],[1,3,4],[1,2,3]]: sorted by expert, in the order of the tokens.
        var plan = new Planned(new ExpertsTiling(3, 5, 8, 4, 2, 16), [2, 3, 4, 1, 2, 4, 1, 3, 4, 1, 2, 3], 4);
        Assert.Equal([3, 6, 9, 0, 4, 10, 1, 7, 11, 2, 5, 8], plan.Slots);
    }

    [Fact]
    public void BlocksCoverEverySlotOnceAndNeverOverlap()
    {
        for (var number = 0; number < 300; number++)
        {
            var random = new SeededRandom(number);
            var experts = random.Int(1, 20);
            var topK = random.Int(1, Math.Min(experts, 5));
            var tokens = random.Int(0, 90);
            var narrow = random.Pick(4, 8, 16);
            var tiling = new ExpertsTiling(topK, experts, random.Bool() ? 2 * narrow : 0, narrow, random.Int(1, narrow), random.Int(1, 4));
            var ids = new int[tokens * topK];
            for (var i = 0; i < ids.Length; i++) ids[i] = random.Int(-1, experts - 1);

            var plan = new Planned(tiling, ids, tokens);
            var slots = plan.Blocks.SelectMany(block => plan.Slots.Skip(block.FirstSlot).Take(block.Tokens).Select(slot => (slot, block.Expert))).ToArray();
            var expected = ids.Select((expert, slot) => (slot, expert)).Where(pair => pair.expert >= 0);
            Assert.True(expected.ToHashSet().SetEquals(slots) && slots.Length == expected.Count(), random.Description);

            var row = 0;
            foreach (var block in plan.Blocks)
            {
                Assert.True(block.Row == row && block.Tokens >= 1 && (block.Width == 0 ? block.Tokens <= tiling.RowTokens : block.Tokens <= block.Width), random.Description);
                row += block.Width == 0 ? block.Tokens : block.Width;
            }

            Assert.Equal(row, plan.Rows);
            Assert.Equal(plan.Blocks.Length, plan.Segments.Sum(segment => segment.BlockCount));
            Assert.All(plan.Segments, segment => Assert.Single(plan.Blocks.Skip(segment.FirstBlock).Take(segment.BlockCount).Select(block => block.Expert).Distinct()));
        }

        output.WriteLine(new SeededRandom().Description);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(-2)]
    [InlineData(int.MinValue)]
    public void AnUnknownExpertIsNamed(int id)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => new Planned(new ExpertsTiling(2, 8, 16, 8, 4, 16), [0, 1, 2, id], 2));
        Assert.Contains($"experts[1, 1] is {id}; expected an id from 0 to 7", error.Message);
    }

    /// <summary>A plan in arrays of exactly the promised sizes, behind which guards stand.</summary>
    private sealed class Planned
    {
        private const int Guard = unchecked((int)0xDEADBEEF);

        public Planned(in ExpertsTiling tiling, int[] ids, int tokens)
        {
            var (slotCount, blockCount, rows) = SlotPlanner.Bounds(tiling, tokens);
            var slots = new int[slotCount + 1];
            slots[slotCount] = Guard;
            var blocks = new SlotBlock[blockCount + 1];
            blocks[blockCount].Expert = Guard;
            var segments = new SlotSegment[blockCount + 1];
            segments[blockCount].Expert = Guard;
            var plan = default(SlotPlan);
            fixed (int* slotPointer = slots, starts = new int[tiling.Experts + 1], experts = ids)
            fixed (SlotBlock* blockPointer = blocks)
            fixed (SlotSegment* segmentPointer = segments)
            {
                plan.Slots = slotPointer;
                plan.Blocks = blockPointer;
                plan.Segments = segmentPointer;
                SlotPlanner.Fill(tiling, experts, tiling.TopK, tokens, starts, ref plan);
            }

            Assert.True(slots[slotCount] == Guard && blocks[blockCount].Expert == Guard && segments[blockCount].Expert == Guard && plan.Rows <= rows);
            Slots = slots[..plan.SlotCount];
            Blocks = blocks[..plan.BlockCount];
            Segments = segments[..plan.SegmentCount];
            Rows = plan.Rows;
        }

        public int[] Slots { get; }

        public SlotBlock[] Blocks { get; }

        public SlotSegment[] Segments { get; }

        public int Rows { get; }
    }
}
