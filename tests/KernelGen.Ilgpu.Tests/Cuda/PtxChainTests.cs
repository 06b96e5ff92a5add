using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using KernelGen.Ilgpu;

namespace KernelGen.Tests;

/// <summary>Kernels that start while the one before them still runs see all that it wrote.</summary>
public class PtxChainTests
{
    private const int Length = 1 << 16;
    private const int Threads = 256; // 256 groups, few enough to be chained on a device with 132 SMs

    private static readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<int>, ArrayView<int>, int>> Turn = new("turn", TurnAndIncrement);

    [Fact]
    public void TheEntryWaitsBeforeAnythingElse()
    {
        var ptx = PtxCompiler.Compile(Turn.Method, new CudaArchitecture(9, 0), CudaInstructionSet.ISA_80);
        var lines = ptx.Text.ReplaceLineEndings("\n").Split('\n');
        var brace = Array.FindIndex(lines, line => line.Contains(".entry", StringComparison.Ordinal));
        while (!lines[brace].Contains('{', StringComparison.Ordinal)) brace++;
        string[] expected = [.. lines[..(brace + 1)], "\tgriddepcontrol.wait;", "\tgriddepcontrol.launch_dependents;", .. lines[(brace + 1)..]];
        Assert.Equal(expected, PtxChain.WaitFirst(ptx).ReplaceLineEndings("\n").Split('\n'));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EachSeesTheOneBeforeAndCopiesBetweenThemOnCuda(bool isGraph)
    {
        const int Rounds = 20, Replays = 10;
        var device = TestDevice.Get(TestDevice.Cuda);
        using var numbers = device.Accelerator.Allocate1D<int>(Length);
        using var turned = device.Accelerator.Allocate1D<int>(Length);
        using var result = device.Accelerator.Allocate1D<int>(Length);
        numbers.MemSetToZero(device.Stream);
        device.Stream.Synchronize();
        if (isGraph)
        {
            using var graph = CudaGraph.Capture(device.Stream, Work);
            for (var replay = 0; replay < Replays; replay++) graph.Launch(device.Stream);
            device.Stream.Synchronize();
        }
        else
        {
            for (var replay = 0; replay < Replays; replay++) Work(device.Stream);
        }

        device.Stream.Synchronize();
        Assert.All(result.GetAsArray1D(), number => Assert.Equal(2 * Rounds * Replays, number));

        // Every kernel reads what another group of the one before it wrote; a copy stands before the first, amid them and behind the last.
        void Work(AcceleratorStream stream)
        {
            numbers.View.CopyTo(stream, result.View);
            result.View.CopyTo(stream, numbers.View);
            for (var round = 0; round < Rounds; round++)
            {
                Launch(stream, numbers, turned);
                if (round == Rounds / 2)
                {
                    turned.View.CopyTo(stream, result.View);
                    result.View.CopyTo(stream, turned.View);
                }

                Launch(stream, turned, numbers);
            }

            numbers.View.CopyTo(stream, result.View);
        }
    }

    private static void Launch(AcceleratorStream stream, MemoryBuffer1D<int, Stride1D.Dense> from, MemoryBuffer1D<int, Stride1D.Dense> to) =>
        Turn.Launch(stream, new KernelConfig(Length / Threads, Threads), from.View.AsContiguous(), to.View.AsContiguous(), Length);

    private static void TurnAndIncrement(ArrayView<int> from, ArrayView<int> to, int length)
    {
        var index = (Grid.IdxX * Group.DimX) + Group.IdxX;
        to[length - 1 - index] = from[index] + 1;
    }
}
