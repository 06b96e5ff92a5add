using KernelGen.Compiler.Families;
using KernelGen.Compiler.Ptx;
using KernelGen.Compiler.Tuning;

namespace KernelGen.Tests;

/// <summary>What GPUs' files choose for declared experts.</summary>
public class TuningSetTests
{
    private const string Mixtral = "E=8,N=7168,device_name=NVIDIA_H200.json";

    private static readonly FusedMoeSpec Spec = new(8, 2, 4096, 7168, MoeActivation.SiluAndMul, DType.BFloat16);

    [Fact]
    public void APublicFileChoosesTilesForEveryNumberOfTokens()
    {
        var (devices, problems) = Tune(Spec, (Mixtral, PublicFiles.Read(Mixtral)));
        var device = Assert.Single(devices);
        Assert.Equal("NVIDIA_H200", device.DeviceName);
        Assert.Equal(int.MaxValue, device.Choices[^1].MaxTokens);
        Assert.All(problems, problem => Assert.Equal(TuningProblem.Nearest, problem.Id));

        var file = TuningFile.Parse(PublicFiles.Read(Mixtral));
        for (var tokens = 1; tokens < 5000; tokens += 3)
        {
            var choice = device.Choices.First(choice => tokens <= choice.MaxTokens);
            var wanted = TritonTile.Of(file.Nearest(tokens)!);
            Assert.Equal((wanted.BlockM, wanted.BlockN, wanted.GroupM, 1), (choice.GateUp.BlockM, choice.GateUp.BlockN, choice.GateUp.GroupM, choice.SplitK));
            Assert.Equal(choice.GateUp.BlockM, choice.Down.BlockM);
            Assert.Null(choice.GateUp.Problem(2 * 7168, 4096));
            Assert.Null(choice.Down.Problem(4096, 7168));
        }
    }

    [Fact]
    public void ADownFileTunesTheSecondProductAlone()
    {
        var up = new TritonTile(64, 128, 64, 1, 4, 4);
        var down = up with { BlockN = 256, Warps = 8, Stages = 3, SplitK = 2 };
        var (devices, problems) = Tune(Spec, (Mixtral, Text(up)), (Mixtral.Replace(".json", "_down.json"), Text(down)));
        Assert.Empty(problems);
        var choice = Assert.Single(Assert.Single(devices).Choices);
        Assert.Equal((up, down), (TritonTile.Of(choice.GateUp), TritonTile.Of(choice.Down)));
        Assert.Equal(2, choice.SplitK);
    }

    [Fact]
    public void ATileThatTheHeuristicsHaveIsTheirs()
    {
        foreach (var pair in FusedMoePtx.Pairs(Spec))
        {
            var device = pair.Core == TensorCore.Mma ? "NVIDIA_A100-SXM4-80GB" : "NVIDIA_H200";
            var name = Mixtral.Replace("NVIDIA_H200", device);
            var (devices, _) = Tune(Spec, (name, Text(TritonTile.Of(pair.GateUp))), (name.Replace(".json", "_down.json"), Text(TritonTile.Of(pair.Down))));
            var choice = Assert.Single(Assert.Single(devices).Choices);
            Assert.Equal((pair.GateUp, pair.Down), (choice.GateUp, choice.Down));
        }
    }

    [Fact]
    public void WhatIsNotTheSameIsSaidAtItsEntry()
    {
        var (_, problems) = Tune(Spec, (Mixtral, Text(new TritonTile(16, 128, 32, 1, 4, 2))));
        Assert.Equal(
            [
                new TuningProblem("KG2006", "the nearest tile for the first GEMM at token count 8 has BLOCK_SIZE_K 64 for 32, num_stages 3 for 2", new TextPlace(Mixtral, 2, 5)),
                new TuningProblem("KG2006", "the nearest tile for the second GEMM at token count 8 has BLOCK_SIZE_K 64 for 32, num_stages 3 for 2", new TextPlace(Mixtral, 2, 5)),
            ], problems);
    }

    [Theory]
    [InlineData("AMD_Instinct_MI300X", 4096, DType.BFloat16, "AMD_Instinct_MI300X is not an NVIDIA device")]
    [InlineData("NVIDIA_H200", 4096, DType.Float32, "has no tensor-core kernels")]
    [InlineData("NVIDIA_H200", 4100, DType.BFloat16, "has no tensor-core kernels")]
    public void ADeviceOrExpertsWithoutKernels(string device, int hidden, DType type, string message)
    {
        var spec = Spec with { HiddenSize = hidden, WeightType = type };
        var (devices, problems) = Tune(spec, (ExpertTuning.FileName(spec, device).ToString(), Text(new TritonTile(16, 128, 64, 1, 4, 3))));
        Assert.Empty(devices);
        var problem = Assert.Single(problems);
        Assert.Equal("KG2005", problem.Id);
        Assert.Contains(message, problem.Message);
    }

    [Theory]
    [InlineData("NVIDIA_H200", true)]
    [InlineData("NVIDIA_A100-SXM4-80GB", false)]
    public void BytesGetTilesThatTheyHaveKernelsFor(string device, bool hasWgmma)
    {
        var spec = Spec with { WeightType = DType.Int8, Quantization = WeightQuantization.Channel, ActivationQuantization = ActivationQuantization.DynamicToken };
        var (devices, _) = Tune(spec, (ExpertTuning.FileName(spec, device).ToString(), Text(new TritonTile(128, 128, 128, 1, 8, 6))));
        var choice = Assert.Single(Assert.Single(devices).Choices);
        Assert.Equal(hasWgmma, choice.NeedsSm90);
        Assert.Null(GroupedGemm.Problem(FusedMoePtx.Shape(spec, ExpertProduct.GateUp), choice.GateUp));
        Assert.Null(GroupedGemm.Problem(FusedMoePtx.Shape(spec, ExpertProduct.Down), choice.Down));
    }

    [Fact]
    public void SlicesThatOneVariantCannotHave()
    {
        var tile = new TritonTile(64, 128, 64, 1, 4, 4, SplitK: 2);
        var (devices, problems) = Tune(Spec, (Mixtral, Text(tile)), (Mixtral.Replace(".json", "_down.json"), Text(tile with { SplitK = 4 })));
        Assert.Empty(devices);
        Assert.Equal("SPLIT_K is 4 for the second GEMM, but 2 for the first; they must be equal", Assert.Single(problems).Message);
    }

    [Fact]
    public void ASpecWithTilesThatDoNotDivideItsSizesIsRejected()
    {
        var tile = new GroupedGemmTile(TensorCore.Mma, 64, 128, 64, 3, 2, 2);
        Assert.Empty(With(tile, tile).Validate());
        Assert.Equal("blocks of 128 do not divide a reduction of 64", Assert.Single((With(tile, tile with { BlockK = 128 }) with { IntermediateSize = 64 }).Validate()).Message);
        Assert.Equal("blocks of 64 and 32 rows cannot share one alignment", Assert.Single(With(tile, tile with { BlockM = 32 }).Validate()).Message);

        static FusedMoeSpec With(GroupedGemmTile gateUp, GroupedGemmTile down) => Spec with { Devices = new([new("NVIDIA_L4", new([new(int.MaxValue, gateUp, down)]))]) };
    }

    [Fact]
    public void OneDeviceAfterTheOther()
    {
        var tile = new TritonTile(64, 128, 64, 1, 4, 3);
        var (devices, problems) = Tune(Spec, (Mixtral, Text(tile)), (Mixtral.Replace("H200", "L4"), Text(tile)));
        Assert.Empty(problems);
        Assert.Equal(["NVIDIA_H200", "NVIDIA_L4"], devices.Select(device => device.DeviceName));
        Assert.Equal([TensorCore.Wgmma, TensorCore.Mma], devices.Select(device => device.Choices[0].GateUp.Core));
    }

    [Fact]
    public void AVariantsNameHasItsTilesOrANumberOfThem()
    {
        var (devices, _) = Tune(Spec, (Mixtral, Text(new TritonTile(64, 128, 64, 1, 4, 4))));
        var choice = devices[0].Choices[0];
        Assert.Equal($"fusedmoe_silu_e8_k2_h4096_i7168_bf16_ilgpu_{choice.GateUp.Name}", FusedMoeFamily.Instance.IlgpuVariantName(Spec with { Devices = new([devices[0] with { Choices = new([choice with { Down = choice.GateUp }]) }]) }));

        var two = Spec with { Devices = Tune(Spec, (Mixtral, PublicFiles.Read(Mixtral))).Devices };
        Assert.Matches("^fusedmoe_silu_e8_k2_h4096_i7168_bf16_ilgpu_tuned[0-9a-f]{8}$", FusedMoeFamily.Instance.IlgpuVariantName(two));
        Assert.Equal("fusedmoe_silu_e8_k2_h4096_i7168_bf16_cpu", two.VariantName);
    }

    [Theory]
    [InlineData("NVIDIA_H200", DType.Float8E4M3, WeightQuantization.Block128)]
    [InlineData("NVIDIA_H200", DType.Float16, WeightQuantization.None)]
    [InlineData("NVIDIA_L4", DType.Int8, WeightQuantization.Channel)]
    public void WeightsOfEveryTypeGetTilesThatCanBeWritten(string device, DType type, WeightQuantization quantization)
    {
        var spec = Spec with { WeightType = type, Quantization = quantization };
        foreach (var tile in new[] { new TritonTile(16, 64, 128, 1, 4, 4), new TritonTile(64, 128, 64, 8, 4, 3), new TritonTile(128, 256, 64, 8, 8, 4), new TritonTile(256, 128, 64, 8, 8, 4) })
        {
            var (devices, _) = Tune(spec, (ExpertTuning.FileName(spec, device).ToString(), Text(tile)));
            var choice = Assert.Single(Assert.Single(devices).Choices);
            Assert.Null(GroupedGemm.Problem(FusedMoePtx.Shape(spec, ExpertProduct.GateUp), choice.GateUp));
            Assert.Null(GroupedGemm.Problem(FusedMoePtx.Shape(spec, ExpertProduct.Down), choice.Down));
        }
    }

    private static string Text(TritonTile tile) => TuningFile.Empty.With([tile.ToEntry(8)]).ToString();

    private static (Compiler.EquatableArray<DeviceTuning> Devices, IReadOnlyList<TuningProblem> Problems) Tune(FusedMoeSpec spec, params (string Name, string Text)[] files)
    {
        var problems = new List<TuningProblem>();
        var set = new TuningSet(files.Select(file => TuningInput.Read(file.Name, file.Text)));
        return (set.ForDevices(spec, problems), problems);
    }
}
