using KernelGen.Compiler.Ptx;
using KernelGen.Compiler.Tuning;

namespace KernelGen.Tests;

public class GpuTilesTests
{
    private static readonly GpuArchitecture Hopper = GpuArchitecture.Of("NVIDIA_H200")!;

    [Theory]
    [InlineData("NVIDIA_H100_80GB_HBM3", "SM90")]
    [InlineData("NVIDIA_GH200_480GB", "SM90")]
    [InlineData("NVIDIA_H20-3e", "SM90")]
    [InlineData("NVIDIA_A100-SXM4-80GB", "SM80")]
    [InlineData("NVIDIA_B200", "SM100")]
    [InlineData("NVIDIA_L40S", "SM89")]
    [InlineData("NVIDIA_GeForce_RTX_4090", "SM89")]
    [InlineData("AMD_Instinct_MI300X", null)]
    public void ADeviceIsKnownByItsName(string device, string? architecture) => Assert.Equal(architecture, GpuArchitecture.Of(device)?.Name);

    [Fact]
    public void SharedMemoryOfTritonsPipeline()
    {
        Assert.Equal(3 * 64 * ((128 * 2) + (256 * 2)), new TritonTile(128, 256, 64, 1, 8, 4).SharedBytes(2, 2));
        Assert.Equal(2 * 128 * ((16 * 1) + (128 * 1)), new TritonTile(16, 128, 128, 1, 4, 3).SharedBytes(1, 1));
        Assert.Equal(0, new TritonTile(16, 128, 128, 1, 4, 0).SharedBytes(1, 1));
    }

    [Theory]
    [InlineData("NVIDIA_H200")]
    [InlineData("NVIDIA_A100-SXM4-80GB")]
    [InlineData("NVIDIA_L4")]
    public void EveryTileIsOneThatTheDeviceRunsAndIsNearestToItself(string device)
    {
        var architecture = GpuArchitecture.Of(device)!;
        var tiles = GpuTiles.All(architecture, 1536, 2048).ToArray();
        Assert.True(tiles.Length > 100, $"{tiles.Length}");
        Assert.All(tiles, tile => Assert.Null(architecture.Problem(tile, 1536, 2048)));
        Assert.Equal(architecture.HasWgmma, tiles.Any(tile => tile.Core == TensorCore.Wgmma));
        var shape = new GroupedGemmShape(ExpertProduct.GateUp, 8, 2048, 768, MoeActivation.SiluAndMul, 0);
        foreach (var tile in tiles.Where((_, number) => number % 7 == 0))
        {
            Assert.Contains(GroupedGemm.EntryName(shape, tile), GroupedGemm.Write(shape, tile));
            Assert.Equal(tile with { GroupM = 4, SplitK = 2 }, GpuTiles.Nearest(TritonTile.Of(tile with { GroupM = 4, SplitK = 2 }), tiles, 1536, 2048));
        }
    }

    [Fact]
    public void EveryEntryOfAPublicFileHasATileOfOurs()
    {
        foreach (var entry in TuningFile.Parse(PublicFiles.Read("E=8,N=7168,device_name=NVIDIA_H200.json")).Entries)
        {
            var wanted = TritonTile.Of(entry);
            var tile = GpuTiles.Nearest(wanted, GpuTiles.All(Hopper, 2 * 7168, 4096), 2 * 7168, 4096)!;
            Assert.Equal(wanted.BlockM, tile.BlockM);
            Assert.Equal(wanted.BlockN, tile.BlockN);
            Assert.True(tile.Chained);
            Assert.Equal(wanted.GroupM, tile.GroupM);
        }
    }

    [Fact]
    public void WhatATileIsRejectedForIsSaid()
    {
        var tile = new GroupedGemmTile(TensorCore.Mma, 128, 128, 64, 8, 2, 4);
        Assert.Contains("bytes of shared memory; SM89 has 101376", GpuArchitecture.Of("NVIDIA_L4")!.Problem(tile, 1024, 1024));
        Assert.Contains("256 accumulators a thread", Hopper.Problem(tile with { BlockN = 256, Stages = 3, WarpsN = 2 }, 1024, 1024));
        Assert.Contains("do not divide", Hopper.Problem(tile with { Stages = 3 }, 1000, 1024));
        Assert.Equal("SM80 has no wgmma", GpuArchitecture.Of("NVIDIA_A100")!.Problem(tile with { Core = TensorCore.Wgmma }, 1024, 1024));
        Assert.Null(GpuTiles.Nearest(new TritonTile(16, 64, 64, 1, 4, 3), GpuTiles.All(Hopper, 1000, 1000), 1000, 1000));
        Assert.Equal("BLOCK_SIZE_K 64 for 32, num_stages 3 for 2", GpuTiles.Difference(new TritonTile(16, 64, 32, 1, 4, 2), new(TensorCore.Mma, 16, 64, 64, 3, 1, 4)));
    }
}
