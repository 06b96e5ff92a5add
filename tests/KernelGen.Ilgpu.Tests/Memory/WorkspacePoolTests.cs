using ILGPU.Runtime;
using KernelGen.Ilgpu;

namespace KernelGen.Tests;

/// <summary>Workspaces of a stream: reused, kept apart, cut into aligned views.</summary>
public class WorkspacePoolTests
{
    [Fact]
    public void WhatWasGivenBackIsUsedAgain()
    {
        using var stream = TestDevice.Get(TestDevice.Cpu).Accelerator.CreateStream();
        var pool = WorkspacePool.Of(stream);
        var first = pool.Rent(1000, "test");
        first.Dispose();
        using var second = pool.Rent(2000, "test");
        using var third = pool.Rent(1000, "test");
        Assert.Same(first, second);
        Assert.NotSame(second, third);
    }

    [Fact]
    public void TheSmallestThatFitsIsTaken()
    {
        using var stream = TestDevice.Get(TestDevice.Cpu).Accelerator.CreateStream();
        var pool = WorkspacePool.Of(stream);
        var (large, small) = (pool.Rent(10_000_000, "test"), pool.Rent(100_000, "test"));
        large.Dispose();
        small.Dispose();
        using var again = pool.Rent(90_000, "test");
        Assert.Same(small, again);
    }

    [Fact]
    public void StreamsDoNotShare()
    {
        var accelerator = TestDevice.Get(TestDevice.Cpu).Accelerator;
        using var one = accelerator.CreateStream();
        using var other = accelerator.CreateStream();
        var workspace = WorkspacePool.Of(one).Rent(1, "test");
        workspace.Dispose();
        using var others = WorkspacePool.Of(other).Rent(1, "test");
        Assert.NotSame(workspace, others);
        Assert.Same(WorkspacePool.Of(one), WorkspacePool.Of(one));
    }

    [Fact]
    public void ARecordingKeepsItsOwnUntilItIsDisposed()
    {
        using var stream = TestDevice.Get(TestDevice.Cpu).Accelerator.CreateStream();
        var pool = WorkspacePool.Of(stream);
        var recording = pool.BeginCapture();
        Assert.Throws<InvalidOperationException>(pool.BeginCapture);
        var recorded = pool.Rent(1, "test");
        recorded.Dispose();
        var same = pool.Rent(1, "test");
        Assert.Same(recorded, same);
        same.Dispose();
        recording.EndCapture();

        using (var between = pool.Rent(1, "test")) Assert.NotSame(recorded, between);
        recording.Dispose();
        using var first = pool.Rent(1, "test");
        using var second = pool.Rent(1, "test");
        Assert.Contains(recorded, new[] { first, second });
    }

    [Fact]
    public void PartsFollowEachOtherAligned()
    {
        using var stream = TestDevice.Get(TestDevice.Cpu).Accelerator.CreateStream();
        var bytes = DeviceWorkspace.SizeOf<int>(3) + DeviceWorkspace.SizeOf<double>(5);
        Assert.Equal(512, bytes);
        using var workspace = WorkspacePool.Of(stream).Rent(bytes, "test");
        var (integers, doubles) = (workspace.Take<int>(3), workspace.Take<double>(5));
        Assert.Equal((3, 5), (integers.Length, doubles.Length));
        Assert.Equal(256, CudaArguments.Address(doubles) - CudaArguments.Address(integers));
        Assert.Throws<InvalidOperationException>(() => workspace.Take<byte>(workspace.Bytes));
    }

    [Fact]
    public void NegativeSizesAreRejected()
    {
        using var stream = TestDevice.Get(TestDevice.Cpu).Accelerator.CreateStream();
        Assert.Throws<ArgumentOutOfRangeException>(() => WorkspacePool.Of(stream).Rent(-1, "test"));
    }
}
