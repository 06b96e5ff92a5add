using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using KernelGen.Ilgpu;

namespace KernelGen.Tests;

/// <summary>What lies between generated code and the driver: modules, launches, graphs, limits.</summary>
public class CudaTests
{
    private const string Ptx = """
        .version 7.0
        .target sm_80
        .address_size 64

        .visible .entry increment(.param .u64 numbers)
        {
            .reg .b64 %address;
            .reg .b32 %value;
            .reg .b32 %lane;
            ld.param.u64 %address, [numbers];
            cvta.to.global.u64 %address, %address;
            mov.u32 %lane, %tid.x;
            mad.wide.u32 %address, %lane, 4, %address;
            ld.global.u32 %value, [%address];
            add.u32 %value, %value, 1;
            st.global.u32 [%address], %value;
            ret;
        }
        """;

    private const int Count = 32;

    [Fact]
    public void AKernelOutlivesWhatLoadedIt()
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        var function = LoadAndForget(device.Accelerator);
        CollectGarbage();
        using var numbers = device.Accelerator.Allocate1D(new int[Count]);
        var arguments = default(CudaArguments);
        arguments.Add(CudaArguments.Address(numbers.View.AsContiguous()));
        arguments.Launch(new CudaLaunch(function, "increment", (CudaStream)device.Stream, new Index3D(1, 1, 1), new Index3D(Count, 1, 1)));
        device.Stream.Synchronize();
        Assert.All(numbers.GetAsArray1D(), number => Assert.Equal(1, number));
    }

    [Fact]
    public void AGraphRepeatsItsLaunches()
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        using var numbers = device.Accelerator.Allocate1D(new int[Count]);
        using var graph = CaptureAndForget(device, numbers, launches: 3);
        device.Stream.Synchronize();
        Assert.All(numbers.GetAsArray1D(), number => Assert.Equal(0, number));
        CollectGarbage();
        for (var replay = 1; replay <= 2; replay++)
        {
            graph.Launch(device.Stream);
            device.Stream.Synchronize();
            Assert.All(numbers.GetAsArray1D(), number => Assert.Equal(3 * replay, number));
        }
    }

    [Fact]
    public void AFailedRecordingLeavesTheStreamUsable()
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        var failure = Assert.Throws<FormatException>(() => CudaGraph.Capture(device.Stream, _ => throw new FormatException("mine")));
        Assert.Equal("mine", failure.Message);
        using var numbers = device.Accelerator.Allocate1D(new int[Count]);
        using var graph = CaptureAndForget(device, numbers, launches: 1);
        graph.Launch(device.Stream);
        device.Stream.Synchronize();
        Assert.All(numbers.GetAsArray1D(), number => Assert.Equal(1, number));
    }

    [Fact]
    public void TheDefaultStreamCannotBeRecorded()
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        var error = Assert.Throws<NotSupportedException>(() => CudaGraph.Capture(device.Accelerator.DefaultStream, _ => { }));
        Assert.Contains("CreateStream", error.Message);
    }

    [Fact]
    public void RejectedPtxIsReportedWithTheDriversLog()
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        var kernel = new PtxKernel("broken", Ptx.Replace("add.u32", "add.u33"), "increment", 0);
        var error = Assert.Throws<CudaException>(() => kernel.FunctionOn(device.Accelerator));
        Assert.Contains("broken", error.Message);
        Assert.Contains("u33", error.Message);
    }

    [Fact]
    public void TooMuchSharedMemoryIsRejectedWithBothSizes()
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        var most = SharedMemoryLimit.MaxBytes(device.Accelerator);
        Assert.InRange(most, 48 * 1024, 1 << 20);
        var kernel = new PtxKernel("large", Ptx, "increment", most + 1);
        var error = Assert.Throws<NotSupportedException>(() => kernel.FunctionOn(device.Accelerator));
        Assert.Contains($"{most + 1}", error.Message);
        Assert.Contains($"{most}", error.Message);
    }

    [Fact]
    public void AllTheSharedMemoryThereIsCanBeUsed()
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        using var numbers = device.Accelerator.Allocate1D(new int[Count]);
        Increment(new PtxKernel("largest", Ptx, "increment", SharedMemoryLimit.MaxBytes(device.Accelerator)), device.Stream, numbers);
        device.Stream.Synchronize();
        Assert.All(numbers.GetAsArray1D(), number => Assert.Equal(1, number));
    }

    [Fact]
    public void ADeviceWithoutRoomSaysWhatWasAskedFor()
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        var error = Assert.Throws<DeviceOutOfMemoryException>(() => WorkspacePool.Of(device.Stream).Rent(1L << 45, "moegate"));
        Assert.Equal("moegate", error.What);
        Assert.Equal(1L << 45, error.Bytes);
        Assert.Contains(device.Accelerator.Name, error.Message);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static CudaFunction LoadAndForget(Accelerator accelerator) => new(new PtxKernel("increment", Ptx, "increment", 0).FunctionOn(accelerator), IsChained: false);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static CudaGraph CaptureAndForget(TestDevice device, MemoryBuffer1D<int, Stride1D.Dense> numbers, int launches)
    {
        var kernel = new PtxKernel("increment", Ptx, "increment", 0);
        return CudaGraph.Capture(device.Stream, stream =>
        {
            for (var i = 0; i < launches; i++) Increment(kernel, stream, numbers);
        });
    }

    private static void Increment(PtxKernel kernel, AcceleratorStream stream, MemoryBuffer1D<int, Stride1D.Dense> numbers)
    {
        var arguments = default(CudaArguments);
        arguments.Add(CudaArguments.Address(numbers.View.AsContiguous()));
        kernel.Launch((CudaStream)stream, new Index3D(1, 1, 1), new Index3D(Count, 1, 1), arguments);
    }

    private static void CollectGarbage()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }
}
