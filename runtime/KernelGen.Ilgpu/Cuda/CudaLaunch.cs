using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>A launch through the driver.</summary>
/// <param name="Function">The driver function.</param>
/// <param name="Name">Name of the kernel, for messages.</param>
/// <param name="Stream">A stream of the function's accelerator.</param>
/// <param name="Grid">Number of thread blocks.</param>
/// <param name="Group">Number of threads per thread block.</param>
/// <param name="DynamicSharedBytes">Dynamic shared memory in bytes.</param>
internal readonly record struct CudaLaunch(CudaFunction Function, string Name, CudaStream Stream, Index3D Grid, Index3D Group, int DynamicSharedBytes = 0)
{
    /// <summary>Launches with arguments in one of the driver's two forms.</summary>
    public unsafe void Run(void** arguments, void** extra)
    {
        Stream.Accelerator.Bind();
        var result = Function.IsChained ? RunChained(arguments, extra) : CudaDriver.Launch(
            Function.Handle, (uint)Grid.X, (uint)Grid.Y, (uint)Grid.Z, (uint)Group.X, (uint)Group.Y, (uint)Group.Z, (uint)DynamicSharedBytes, Stream.StreamPtr, arguments, extra);
        if (result != CudaError.CUDA_SUCCESS)
            CudaDriver.Check(result, $"launching {Name} with {Grid.X}x{Grid.Y}x{Grid.Z} thread blocks of {Group.X}x{Group.Y}x{Group.Z} threads and {DynamicSharedBytes} bytes of shared memory");
    }

    private unsafe CudaError RunChained(void** arguments, void** extra)
    {
        var attribute = new CudaLaunchAttribute { Name = CudaLaunchAttribute.ProgrammaticStreamSerialization, Value = 1 };
        var config = new CudaLaunchConfig
        {
            GridX = (uint)Grid.X,
            GridY = (uint)Grid.Y,
            GridZ = (uint)Grid.Z,
            GroupX = (uint)Group.X,
            GroupY = (uint)Group.Y,
            GroupZ = (uint)Group.Z,
            SharedBytes = (uint)DynamicSharedBytes,
            Stream = Stream.StreamPtr,
            Attributes = &attribute,
            AttributeCount = 1,
        };
        return CudaDriver.Launch(&config, Function.Handle, arguments, extra);
    }
}
