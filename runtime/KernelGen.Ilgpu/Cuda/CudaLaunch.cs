using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>A launch straight through the driver.</summary>
/// <param name="Function">The driver's function, and whether it may start while the kernel before it still runs.</param>
/// <param name="Name">The kernel's name, for messages.</param>
/// <param name="Stream">A stream of the accelerator that has the function.</param>
/// <param name="Grid">Number of groups.</param>
/// <param name="Group">Number of threads of a group.</param>
/// <param name="DynamicSharedBytes">Shared memory beside the static one.</param>
internal readonly record struct CudaLaunch(CudaFunction Function, string Name, CudaStream Stream, Index3D Grid, Index3D Group, int DynamicSharedBytes = 0)
{
    /// <summary>Launches with arguments in one of the driver's two forms.</summary>
    public unsafe void Run(void** arguments, void** extra)
    {
        Stream.Accelerator.Bind();
        var result = Function.IsChained ? RunChained(arguments, extra) : CudaDriver.Launch(
            Function.Handle, (uint)Grid.X, (uint)Grid.Y, (uint)Grid.Z, (uint)Group.X, (uint)Group.Y, (uint)Group.Z, (uint)DynamicSharedBytes, Stream.StreamPtr, arguments, extra);
        if (result != CudaError.CUDA_SUCCESS)
            CudaDriver.Check(result, $"launching {Name} with {Grid.X}x{Grid.Y}x{Grid.Z} groups of {Group.X}x{Group.Y}x{Group.Z} threads and {DynamicSharedBytes} bytes of shared memory");
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
