using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;
using KernelGen.Compiler.Tuning;
using KernelGen.HuggingFace;
using KernelGen.Tuning;

namespace KernelGen.Tool.Tests.Tune;

/// <summary>What a search may choose on an H200, searched with made-up costs: no device is needed.</summary>
public class CudaChoicesTests
{
    private static readonly TunedModel Qwen = TunedModel.Create(ModelPresets.Find("qwen3-30b-a3b")!.Shard(1, 1), type: null, perChannel: false);
    private static readonly ExpertRouting Routing = ExpertRouting.Uniform(512, 128, 8);

    [Theory]
    [InlineData("NVIDIA_H200", true)]
    [InlineData("NVIDIA_A100-SXM4-80GB", false)]
    [InlineData("NVIDIA_L40S", false)]
    public void TheHeuristicsChoiceIsThatOfTheLauncherAndCanRun(string device, bool hasWgmma)
    {
        var choices = new CudaChoices(Qwen.Spec, device, 132, Routing);
        foreach (var tokens in new[] { 1, 16, 64, 256, 1024, 4096 })
        {
            var usual = choices.Heuristic(tokens);
            Assert.Null(choices.Reject(usual));
            var slots = tokens * Qwen.Spec.TopK;
            var pair = FusedMoePtx.Pairs(Qwen.Spec).First(pair => pair.Core == (hasWgmma ? TensorCore.Wgmma : TensorCore.Mma) && pair.Serves(slots, Qwen.Spec.Experts));
            Assert.Equal((pair.GateUp, pair.Down), choices.Tiles(usual));
            Assert.True(choices.Estimate(usual, tokens) > 0);
        }
    }

    [Fact]
    public void OneTokenOfNarrowExpertsHasNarrowTilesAndTheEstimateFindsThem()
    {
        var spec = new FusedMoeSpec(256, 8, 7168, 256, MoeActivation.SiluAndMul, DType.BFloat16); // DeepSeek V3, eight shards
        var choices = new CudaChoices(spec, "NVIDIA_H200", 132, ExpertRouting.Uniform(512, spec.Experts, spec.TopK));
        var (one, several) = (choices.Heuristic(1), choices.Heuristic(2));
        Assert.Equal(32, one.GateUp.Get(TuningKeys.BlockN, 0)); // 128 groups of one token's 8 experts, where 64 columns make 64
        Assert.Equal(64, several.GateUp.Get(TuningKeys.BlockN, 0));
        Assert.True(choices.Estimate(one, 1) < choices.Estimate(several, 1));
    }

    [Fact]
    public void EveryCandidateOfTheSpaceIsRejectedOrHasItsVeryTiles()
    {
        var choices = new CudaChoices(Qwen.Spec, "NVIDIA_H200", 132, Routing);
        var valid = NamedSpaces.FindOrLoad(NamedSpaces.Cuda).Points().Select(ExpertsCandidate.Joint).Where(candidate => choices.Reject(candidate) is null).ToArray();
        Assert.InRange(valid.Length, 500, 20_000);
        Assert.All(valid, candidate =>
        {
            var (gateUp, down) = choices.Tiles(candidate);
            Assert.Equal(TritonTile.Of(TunedFiles.Entry(1, candidate.GateUp)), TritonTile.Of(gateUp));
            Assert.Null(gateUp.Problem(2 * 768, 2048));
            Assert.Null(down.Problem(2048, 768));
            Assert.InRange(gateUp.SharedBytes, 1, 227 << 10);
        });
    }

    [Fact]
    public void ProductsShareTheirAlignmentAndTheirSlices()
    {
        var choices = new CudaChoices(Qwen.Spec, "NVIDIA_H200", 132, Routing);
        var usual = choices.Heuristic(1);
        Assert.Equal("both GEMMs must share one alignment", choices.Reject(usual with { Down = With(usual.Down, TuningKeys.BlockM, 128) }));
        Assert.Equal("both GEMMs must have the same number of slices", choices.Reject(new(With(usual.GateUp, TuningKeys.SplitK, 2), With(usual.Down, TuningKeys.SplitK, 4))));
        Assert.Null(choices.Reject(usual with { GateUp = With(usual.GateUp, TuningKeys.SplitK, 2) }));
    }

    [Theory]
    [InlineData("AMD_Instinct_MI300X", "is not an NVIDIA device")]
    public void OtherDevicesAreRefused(string device, string expected) =>
        Assert.Contains(expected, Assert.Throws<TuningException>(() => new CudaChoices(Qwen.Spec, device, 132, Routing)).Message);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ASearchWithMadeUpCostsFindsAFileThatTheGeneratorReads(bool separate)
    {
        using var target = new MadeUp();
        var search = new TokenSearch(target, NamedSpaces.FindOrLoad(NamedSpaces.Cuda), separate, new SearchOptions());
        var known = new Dictionary<int, ExpertsCandidate>();
        foreach (var tokens in new[] { 1, 64, 1024 })
        {
            var result = search.Run(tokens, known, cancellation: TestContext.Current.CancellationToken);
            known.Add(tokens, result.Best);
            Assert.Equal(separate, !result.Best.GateUp.Equals(result.Best.Down));
            Assert.InRange(result.Measured.Count, 10, search.ValidCount / 4);
            Assert.True(target.Cost(result.Best) <= target.Cost(target.Heuristic(tokens)) || !separate);
        }

        var up = TuningFile.Empty.With(known.Select(pair => TunedFiles.Entry(pair.Key, pair.Value.GateUp)));
        var down = TuningFile.Empty.With(known.Select(pair => TunedFiles.Entry(pair.Key, pair.Value.Down)));
        Assert.Equal([1, 64, 1024], TuningFile.Parse(up.ToString()).Entries.Select(entry => entry.Tokens));
        Assert.Equal(separate, up.ToString() != down.ToString());
        Assert.NotEmpty(TokenRegime.Of(up, down));
    }

    [Fact]
    public void WhatAFileChoosesIsMeasuredBesideTheResult()
    {
        // A public file's numbers; the first entry's stages are more than fit, so that a tile of ours comes near.
        var file = TuningFile.Parse("""
            {
                "1": { "BLOCK_SIZE_M": 16, "BLOCK_SIZE_N": 64, "BLOCK_SIZE_K": 64, "GROUP_SIZE_M": 1, "num_warps": 4, "num_stages": 9 },
                "1024": { "BLOCK_SIZE_M": 128, "BLOCK_SIZE_N": 256, "BLOCK_SIZE_K": 64, "GROUP_SIZE_M": 16, "num_warps": 8, "num_stages": 4 }
            }
            """);
        using var target = new MadeUp();
        var search = new TokenSearch(target, NamedSpaces.FindOrLoad(NamedSpaces.Cuda), separate: true, new SearchOptions());
        foreach (var tokens in new[] { 1, 4096 })
        {
            var choice = target.OfFile(file, null, tokens)!;
            Assert.Equal((tokens == 1 ? 16 : 128, tokens == 1 ? 1 : 16), (choice.GateUp.Get(TuningKeys.BlockM, 0), choice.Down.Get(TuningKeys.GroupM, 0)));
            var result = search.Run(tokens, new Dictionary<int, ExpertsCandidate>(), choice, cancellation: TestContext.Current.CancellationToken);
            Assert.Equal(target.Cost(choice) / target.Cost(target.Heuristic(tokens)), result.ComparedRatio!.Value, 1e-9);
            Assert.True(result.Ratio <= result.ComparedRatio);
        }
    }

    private static TuningPoint With(TuningPoint point, string key, int value) => point.With([KeyValuePair.Create(key, value)]);

    /// <summary>An H200 that likes many stages, and other columns in each product.</summary>
    private sealed class MadeUp : ITuningTarget, ITrials<ExpertsCandidate>
    {
        private readonly CudaChoices _choices = new(Qwen.Spec, "NVIDIA_H200", 132, Routing);

        public string DeviceName => "NVIDIA_H200";

        public IReadOnlyList<string> Keys => CudaChoices.Keys;

        public IReadOnlyList<string> DownKeys => CudaChoices.DownKeys;

        public string NameOf(ExpertsCandidate candidate) => _choices.NameOf(candidate);

        public ExpertsCandidate Heuristic(int tokens) => _choices.Heuristic(tokens);

        public IEnumerable<ExpertsCandidate> Seeds(int tokens) => _choices.Seeds;

        public ExpertsCandidate? OfFile(TuningFile file, TuningFile? down, int tokens) => _choices.OfFile(file, down, tokens);

        public string? Reject(ExpertsCandidate candidate) => _choices.Reject(candidate);

        public double Estimate(ExpertsCandidate candidate, int tokens) => _choices.Estimate(candidate, tokens);

        public ITrials<ExpertsCandidate> Trials(int tokens) => this;

        public double Cost(ExpertsCandidate candidate) => Cost(candidate.GateUp, 64) + Cost(candidate.Down, 128);

        public string? Prepare(ExpertsCandidate candidate, CancellationToken cancellation) => _choices.Reject(candidate);

        public void Round(IReadOnlyList<ExpertsCandidate> candidates, Span<double> microseconds, CancellationToken cancellation)
        {
            for (var i = 0; i < candidates.Count; i++) microseconds[i] = Cost(candidates[i]);
        }

        public string? Verify(ExpertsCandidate candidate, CancellationToken cancellation) => null;

        public void Dispose()
        {
        }

        private static double Cost(TuningPoint point, int columns) =>
            100 + (10 * Math.Abs(Math.Log2((double)point.Get(TuningKeys.BlockN, 0) / columns))) + (12 - point.Get(TuningKeys.Stages, 0)) + point.Get(TuningKeys.SplitK, 1);
    }
}
