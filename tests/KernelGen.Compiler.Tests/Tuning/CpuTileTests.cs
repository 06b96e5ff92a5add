using KernelGen.Compiler;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Tuning;

namespace KernelGen.Tests;

public class CpuTileTests
{
    private static readonly CpuTile Tile = new(512, 2, 8, 512, new(12, 48), new(8, 96));

    private static readonly FusedMoeSpec Spec = new(8, 2, 256, 128, MoeActivation.SiluAndMul, DType.Float32);

    [Fact]
    public void ATileComesBackFromItsEntries()
    {
        Assert.Equal(Tile, CpuTile.Of(Tile.ToEntry(4, 1), Tile.ToDownEntry(4, 1)));
        Assert.Equal("v512m32r8d512n48t12n96t8", Tile.Name);
        Assert.True(Tile.ToEntry(4, 1).IsForCpu);
        foreach (var spec in new[] { Spec, Spec with { WeightType = DType.Int8, Quantization = WeightQuantization.Channel } })
            Assert.All([128, 256, 512], bits => Assert.Null(CpuHeuristics.Tile(spec, bits).Problem()));
    }

    public static TheoryData<string, int, string> Impossible => new()
    {
        { TuningKeys.VectorBits, 192, "VECTOR_BITS is 192" },
        { TuningKeys.BlockM, 24, "panels are whole vectors of 16 tokens" },
        { TuningKeys.BlockM, 80, "panels have 1 to 4 vectors of 16 tokens" },
        { TuningKeys.RowM, 9, "it must be from 1 to 8" },
        { TuningKeys.BlockK, 100, "must be a multiple of 64" },
        { TuningKeys.TileN, 7, "it must be even" },
        { TuningKeys.TileN, 16, "takes 35 registers; there are 32" },
        { TuningKeys.BlockN, 60, "must be a multiple of 24 up to 1024" },
        { TuningKeys.BlockN, 960, "KiB on the stack" },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void ANumberThatNoKernelHasIsFoundAtItsPlace(string key, int value, string message)
    {
        var numbers = new Dictionary<string, int>
        {
            ["BLOCK_SIZE_M"] = 32, ["BLOCK_SIZE_N"] = 48, ["BLOCK_SIZE_K"] = 512, ["VECTOR_BITS"] = 512, ["TILE_SIZE_N"] = 12, ["ROW_SIZE_M"] = 8,
        };
        numbers[key] = value;
        var text = "{ \"1\": {\n" + string.Join(",\n", numbers.Select(number => $"\"{number.Key}\":{number.Value}")) + "} }";
        var error = Assert.Throws<TuningFileException>(() => ExpertTuning.ForCpu(Spec, TuningFile.Parse(text)));
        Assert.Contains(message, error.Message);
        Assert.Equal(new TextPlace("", 2 + numbers.Keys.ToList().IndexOf(key), key.Length + 4), error.Place);
    }

    [Fact]
    public void AnEntryWithoutANumberThatCpusNeedIsRejected()
    {
        var entry = new TuningEntry(1, ("BLOCK_SIZE_M", 32), ("BLOCK_SIZE_N", 48), ("BLOCK_SIZE_K", 512), ("VECTOR_BITS", 512));
        Assert.Contains("has no ROW_SIZE_M", Assert.Throws<TuningFileException>(() => CpuTile.Of(entry, entry)).Message);
    }

    [Fact]
    public void AFileGivesAVariantForEachRangeOfTokensThatDiffers()
    {
        var narrow = Tile with { GateUp = Tile.Down };
        var file = TuningFile.Empty.With([narrow.ToEntry(1, 4), narrow.ToEntry(2, 4), narrow.ToEntry(8, 1), narrow.ToEntry(64, 2)]);
        EquatableArray<TokenChoice> expected = new(
        [
            new(5, Spec with { SplitK = 4, Tile = narrow }), new(36, Spec with { SplitK = 1, Tile = narrow }), new(int.MaxValue, Spec with { SplitK = 2, Tile = narrow }),
        ]);
        Assert.Equal(expected, ExpertTuning.ForCpu(Spec, file));
    }

    [Fact]
    public void ADownFileTunesTheSecondProductAlone()
    {
        var up = TuningFile.Empty.With([Tile.ToEntry(1, 2)]);
        var choice = Assert.Single(ExpertTuning.ForCpu(Spec, up, TuningFile.Empty.With([Tile.ToDownEntry(9, 2)])));
        Assert.Equal(Spec with { SplitK = 2, Tile = Tile }, choice.Spec);

        var other = TuningFile.Empty.With([Tile.ToDownEntry(9, 4)]);
        Assert.Contains("SPLIT_K is 4 for the second GEMM, but 2 for the first", Assert.Throws<TuningFileException>(() => ExpertTuning.ForCpu(Spec, up, other)).Message);
        other = TuningFile.Empty.With([(Tile with { RowTokens = 4 }).ToDownEntry(9, 2)]);
        Assert.Contains("ROW_SIZE_M is 4 for the second GEMM, but 8 for the first", Assert.Throws<TuningFileException>(() => ExpertTuning.ForCpu(Spec, up, other)).Message);
    }

    [Fact]
    public void MoreSlicesThanElementsAreRejectedAtTheirPlace()
    {
        var file = TuningFile.Parse(TuningFile.Empty.With([Tile.ToEntry(1, 64)]).ToString(), "x.json");
        var error = Assert.Throws<TuningFileException>(() => ExpertTuning.ForCpu(Spec with { IntermediateSize = 40 }, file));
        Assert.Equal(new TextPlace("x.json", 6, 20), error.Place);
    }
}
