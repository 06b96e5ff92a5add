using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;

namespace KernelGen.Tests;

/// <summary>The choice of tiles for sizes of every kind.</summary>
public class FusedMoePtxTests
{
    // Shared memory of a group: compute capability 8.6 and 8.9 have the least of those with mma for bf16.
    private const int SharedBytesOfSm86 = 99 * 1024;
    private const int SharedBytesOfSm90 = 227 * 1024;

    public static TheoryData<int, int, int> Sizes => new()
    {
        { 4096, 7168, 1 }, { 2048, 768, 1 }, { 7168, 256, 2 }, { 2880, 2880, 1 }, { 64, 64, 1 }, { 192, 64, 1 }, { 1152, 1024, 2 }, { 4096, 14336, 8 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void BothDevicesHavePairsUpToAnyNumberOfRows(int hidden, int intermediate, int splitK)
    {
        var pairs = FusedMoePtx.Pairs(Spec(hidden, intermediate) with { SplitK = splitK });
        foreach (var core in new[] { TensorCore.Mma, TensorCore.Wgmma })
        {
            var ofCore = pairs.Where(pair => pair.Core == core).ToArray();
            Assert.Equal(ofCore.Select(pair => pair.MaxRows).Order(), ofCore.Select(pair => pair.MaxRows));
            Assert.Equal(int.MaxValue, ofCore[^1].MaxRows);
        }

        foreach (var pair in pairs)
        {
            Assert.Equal(pair.GateUp.BlockM, pair.Down.BlockM); // one alignment serves both
            foreach (var tile in new[] { pair.GateUp, pair.Down })
            {
                Assert.True(pair.Core == TensorCore.Wgmma || tile.Core == TensorCore.Mma);
                Assert.InRange(tile.SharedBytes, 1, pair.Core == TensorCore.Mma ? SharedBytesOfSm86 : SharedBytesOfSm90);
            }
        }
    }

    [Fact]
    public void EveryFormOfExpertsHasThem()
    {
        var plain = Spec(2880, 2880);
        FusedMoeSpec[] forms = [plain with { Activation = MoeActivation.SwigluOai, Bias = true }, plain with { RouterWeightOnInput = true }, plain with { Activation = MoeActivation.Gelu }];
        var cores = ForAnyNumberOfSlots(plain);
        Assert.All(forms, form => Assert.Equal(cores, ForAnyNumberOfSlots(form)));

        // Without up projections there are half as many columns, and two slots leave SMs idle.
        static IEnumerable<TensorCore> ForAnyNumberOfSlots(FusedMoeSpec spec) => FusedMoePtx.Pairs(spec).Where(pair => pair.MaxSlots == int.MaxValue).Select(pair => pair.Core);

        // 2880 is 15 blocks of 192 columns.
        Assert.All(forms, form => Assert.Equal(192, FusedMoePtx.Pairs(form)[^1].Down.BlockN));
    }

    [Theory]
    [InlineData(7168, 256, 8, 12, 32)] // 8 blocks of 64 columns a slot
    [InlineData(2048, 128, 8, 24, 32)] // 4 of them
    [InlineData(2048, 768, 8, null, 64)] // 24, which one token fills the device with
    [InlineData(4096, 7168, 2, null, 64)]
    public void SlotsThatLeaveMultiprocessorsIdleHaveNarrowTiles(int hidden, int intermediate, int topK, int? maxSlots, int columns)
    {
        var spec = new FusedMoeSpec(64, topK, hidden, intermediate, MoeActivation.SiluAndMul, DType.BFloat16);
        Assert.Equal(columns, FusedMoePtx.ColumnsOfFewSlots(spec));
        foreach (var ofCore in FusedMoePtx.Pairs(spec).GroupBy(pair => pair.Core))
        {
            var first = ofCore.First();
            Assert.Equal(columns, first.GateUp.BlockN);
            if (maxSlots is not { } most) continue;
            Assert.Equal(most, first.MaxSlots);
            Assert.True(first.Serves(most, 64));
            Assert.False(first.Serves(most + 1, 64));
        }
    }

    [Theory]
    [InlineData(256, 8, 7168, 256, 16, 16, 64, 256)] // DeepSeek V3, one of eight shards: 128 slots
    [InlineData(256, 8, 7168, 256, 8, 16, 64, 128)] // 64 slots have too few tiles
    [InlineData(128, 8, 2048, 768, 64, 16, 64, 256)] // Qwen3: a persistent kernel for the second product alone
    [InlineData(8, 2, 4096, 7168, 16, 16, 64, 32)] // Mixtral: too few experts
    [InlineData(8, 2, 4096, 7168, 64, 32, 128, 128)]
    [InlineData(256, 8, 7168, 256, 1024, 48, 128, 256)]
    [InlineData(8, 2, 4096, 7168, 1024, 144, 256, 256)]
    [InlineData(8, 2, 4096, 7168, 4096, 176, 256, 256)]
    public void TilesHaveAsManyRowsAsExperts(int experts, int topK, int hidden, int intermediate, int tokens, int rows, int columns, int downColumns)
    {
        var spec = new FusedMoeSpec(experts, topK, hidden, intermediate, MoeActivation.SiluAndMul, DType.BFloat16);
        var pair = FusedMoePtx.Pairs(spec).First(pair => pair.Core == TensorCore.Wgmma && pair.Serves(tokens * topK, experts));
        Assert.Equal((rows, columns, downColumns), (pair.GateUp.BlockM, pair.GateUp.BlockN, pair.Down.BlockN));
    }

    [Fact]
    public void SlicesAreNotShorterThanTheirSecondPhaseIsWorth()
    {
        var pairs = FusedMoePtx.Pairs(Spec(7168, 256) with { SplitK = 4 });
        Assert.All(pairs, pair => Assert.Equal((4, 1), (pair.GateUp.SplitK, pair.Down.SplitK)));
    }

    [Fact]
    public void OtherTypesAndSizesHaveNone()
    {
        Assert.Empty(FusedMoePtx.Pairs(Spec(100, 64)));
        Assert.Empty(FusedMoePtx.Pairs(Spec(64, 100)));
        Assert.Empty(FusedMoePtx.Pairs(Spec(64, 64) with { WeightType = DType.Float32 }));
    }

    private static FusedMoeSpec Spec(int hidden, int intermediate) => new(8, 2, hidden, intermediate, MoeActivation.SiluAndMul, DType.BFloat16);
}
