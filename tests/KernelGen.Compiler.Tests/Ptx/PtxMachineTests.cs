using KernelGen.Compiler.Ptx;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Kernels that lack something: <see cref="PtxMachine"/> notices, on every run.</summary>
public class PtxMachineTests(ITestOutputHelper output)
{
    private static readonly GroupedGemmTile Plain = new(TensorCore.Wgmma, 128, 64, 64, 3, 8, 1);
    private static readonly GroupedGemmTile Clustered = new(TensorCore.Wgmma, 128, 128, 64, 3, 4, 1, Cluster: 2);

    [Theory]
    [InlineData("fence.proxy.async.shared::cta;", "", "no fence lets the tensor cores see")]
    [InlineData("wgmma.fence.sync.aligned;", "", "no wgmma.fence stands between")]
    [InlineData("wgmma.wait_group.sync.aligned 0;", "", "uses sums that are under way")]
    [InlineData("wgmma.wait_group.sync.aligned 1;", "", "while the tensor cores may still read it")]
    [InlineData("%flipped;\n    @!%more bra OCCUPIED;", "%phase;\n    @!%more bra OCCUPIED;", "all warps wait")]
    [InlineData("mbarrier.try_wait.parity.shared.b64 %more, [%t0], %phase;\n    @!%more bra EMPTY;", "", null)]
    [InlineData("@!%more bra EMPTY;", "bra EMPTY;", "runs for ever")]
    [InlineData("cp.async.mbarrier.arrive.noinc.shared.b64 [%full];", "mbarrier.arrive.shared.b64 _, [%full];", "is read before a copy has landed")]
    [InlineData("cp.async.mbarrier.arrive.noinc.shared.b64 [%full];", "", "all warps wait")]
    [InlineData("[%full], 8192;", "[%full], 8176;", "all warps wait")]
    [InlineData("add.u64 %atB, %atB, 2;", "add.u64 %atB, %atB, 4;", null)]
    [InlineData("add.u32 %tile, %tile, %tileStep;", "add.u32 %tile, %tile, %tiles;", "expected")]
    public void WhatAKernelLacksIsNoticed(string code, string instead, string? problem) => Check(Plain, code, instead, problem);

    public static TheoryData<ExpertProduct, DType, TensorCore> ChainedKernels => new()
    {
        { ExpertProduct.GateUp, DType.BFloat16, TensorCore.Wgmma },
        { ExpertProduct.Down, DType.BFloat16, TensorCore.Mma },
        { ExpertProduct.Down, DType.Int8, TensorCore.Mma }, // streams
        { ExpertProduct.Down, DType.Float8E4M3, TensorCore.Mma }, // and has bytes for both factors
        { ExpertProduct.Down, DType.Float8E4M3, TensorCore.MmaBytes },
    };

    [Theory]
    [MemberData(nameof(ChainedKernels))]
    public void SoIsWhoDoesNotWaitForTheKernelBefore(ExpertProduct product, DType type, TensorCore core)
    {
        var tile = core switch
        {
            TensorCore.Wgmma => Plain,
            TensorCore.Mma when type != DType.BFloat16 => new GroupedGemmTile(core, 8, 32, 64, 1, 1, 2, Resident: 2),
            _ => new GroupedGemmTile(core, 16, 64, 128, 3, 1, 2),
        };
        var shape = new GroupedGemmShape(product, 2, 384, 384) { WeightType = type, QuantizedInputs = type == DType.Float8E4M3 };
        Check(shape, tile with { Chained = true }, "griddepcontrol.wait;", "", "is read before the kernel before has ended");
    }

    [Fact]
    public void SoIsWhoWantsMoreRegistersThanThereAre() => Check(Plain, "setmaxnreg.dec.sync.aligned.u32 40;", "", "all warps wait");

    [Theory]
    [InlineData("mapa.shared::cluster.u32 %empty, %empty, %t0;", "", null)]
    [InlineData("mov.b16 %bothGroups, 3;", "mov.b16 %bothGroups, 1;", null)]
    [InlineData("END:\n\n    // Nobody leaves while the other group may still write into its shared memory.\n    barrier.cluster.arrive.release;\n    barrier.cluster.wait.acquire;", "END:", "has ended when another uses")]
    public void SoIsWhatGroupsOfAClusterLack(string code, string instead, string? problem) => Check(Clustered, code, instead, problem);

    // A stage with scales is released by the lanes that load them, one by one.
    [Theory]
    [InlineData("mbarrier.arrive.shared.b64 _, [%t0];")]
    [InlineData("@%signals mbarrier.arrive.shared::cluster.b64 _, [%t0];")]
    public void SoIsALaneThatReleasesNothing(string code) => Check(
        new GroupedGemmShape(ExpertProduct.Down, 2, 384, 1024) { WeightType = DType.Float8E4M3, GroupSize = 128, ScaledRows = 128, QuantizedInputs = true },
        new GroupedGemmTile(TensorCore.WgmmaBytes, 256, 128, 128, 3, 8, 1, Cluster: 2), code, "", "all warps wait");

    private void Check(GroupedGemmTile tile, string code, string instead, string? problem) => Check(new GroupedGemmShape(ExpertProduct.GateUp, 2, 384, 128), tile, code, instead, problem);

    private void Check(GroupedGemmShape shape, GroupedGemmTile tile, string code, string instead, string? problem)
    {
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        var message = Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => new GroupedGemmCase(shape, tile, random, 80).Check(text =>
        {
            Assert.Contains(code, text);
            return text.Replace(code, instead);
        })).Message;

        // Without a problem, what is noticed first depends on whose turn it is.
        if (problem is not null) Assert.Contains(problem, message);
    }
}
