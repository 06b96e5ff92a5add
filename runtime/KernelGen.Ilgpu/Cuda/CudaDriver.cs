using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>The CUDA driver functions that ILGPU does not expose.</summary>
internal static unsafe partial class CudaDriver
{
    /// <summary>Function attribute: maximum dynamic shared memory in bytes.</summary>
    public const int MaxDynamicSharedBytes = 8;

    /// <summary>Device attribute: maximum shared memory per thread block in bytes, with opt-in.</summary>
    public const int MaxSharedBytesOptIn = 97;

    private const string Library = "cuda";

    static CudaDriver() => NativeLibrary.SetDllImportResolver(typeof(CudaDriver).Assembly, Resolve);

    [LibraryImport(Library, EntryPoint = "cuFuncSetAttribute")]
    public static partial CudaError SetFunctionAttribute(nint function, int attribute, int value);

    [LibraryImport(Library, EntryPoint = "cuDeviceGetAttribute")]
    public static partial CudaError GetDeviceAttribute(out int value, int attribute, int device);

    [LibraryImport(Library, EntryPoint = "cuModuleLoadDataEx")]
    public static partial CudaError LoadModule(out nint module, byte* image, uint options, int* names, void** values);

    [LibraryImport(Library, EntryPoint = "cuModuleUnload")]
    public static partial CudaError UnloadModule(nint module);

    [LibraryImport(Library, EntryPoint = "cuModuleGetFunction", StringMarshalling = StringMarshalling.Utf8)]
    public static partial CudaError GetFunction(out nint function, nint module, string name);

    // Launches never call back into managed code, so the GC transition can be suppressed.
    [LibraryImport(Library, EntryPoint = "cuLaunchKernel")]
    [SuppressGCTransition]
    public static partial CudaError Launch(
        nint function, uint gridX, uint gridY, uint gridZ, uint groupX, uint groupY, uint groupZ, uint sharedBytes, nint stream, void** arguments, void** extra);

    [LibraryImport(Library, EntryPoint = "cuLaunchKernelEx")]
    [SuppressGCTransition]
    public static partial CudaError Launch(CudaLaunchConfig* config, nint function, void** arguments, void** extra);

    [LibraryImport(Library, EntryPoint = "cuTensorMapEncodeTiled")]
    public static partial CudaError EncodeTensorMap(
        void* map, int type, uint rank, nint address, ulong* lengths, ulong* strides, uint* box, uint* elementStrides, int interleave, int swizzle, int promotion, int fill);

    [LibraryImport(Library, EntryPoint = "cuStreamBeginCapture_v2")]
    public static partial CudaError BeginCapture(nint stream, int mode);

    [LibraryImport(Library, EntryPoint = "cuStreamEndCapture")]
    public static partial CudaError EndCapture(nint stream, out nint graph);

    [LibraryImport(Library, EntryPoint = "cuGraphInstantiateWithFlags")]
    public static partial CudaError Instantiate(out nint executable, nint graph, ulong flags);

    [LibraryImport(Library, EntryPoint = "cuGraphLaunch")]
    public static partial CudaError LaunchGraph(nint executable, nint stream);

    [LibraryImport(Library, EntryPoint = "cuGraphExecDestroy")]
    public static partial CudaError DestroyExecutable(nint executable);

    [LibraryImport(Library, EntryPoint = "cuGraphDestroy")]
    public static partial CudaError DestroyGraph(nint graph);

    /// <summary>Throws if a call failed; the message states the attempted operation.</summary>
    public static void Check(CudaError result, string attempt)
    {
        if (result != CudaError.CUDA_SUCCESS) throw new CudaException($"{attempt} failed: {CudaAPI.CurrentAPI.GetErrorString(result)} ({result})");
    }

    // Drivers install libcuda.so.1 and nvcuda.dll; libcuda.so is only for development.
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library) return 0;
        var file = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
        return NativeLibrary.TryLoad(file, assembly, path, out var handle) ? handle : 0;
    }
}
