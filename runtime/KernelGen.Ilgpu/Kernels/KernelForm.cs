using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>Who does the work of a token, from which a device chooses.</summary>
internal enum KernelForm
{
    /// <summary>Warps of 32 lanes together.</summary>
    Warp,

    /// <summary>A thread alone.</summary>
    Thread,
}

/// <summary>Which form serves a device.</summary>
internal static class KernelForms
{
    private const int ThreadsOfGroup = 64;

    /// <summary>Warps of ILGPU's CPU accelerator are emulated at great cost; other devices may have warps of any size.</summary>
    public static KernelForm Of(Accelerator accelerator) =>
        accelerator is CudaAccelerator cuda && cuda.Architecture >= CudaArchitecture.SM_80 ? KernelForm.Warp : KernelForm.Thread;

    /// <summary>Groups for <paramref name="threads"/> threads that work alone.</summary>
    public static KernelConfig OfThreads(Accelerator accelerator, int threads)
    {
        var ofGroup = Math.Min(ThreadsOfGroup, accelerator.MaxNumThreadsPerGroup);
        return new KernelConfig(((threads - 1) / ofGroup) + 1, ofGroup);
    }
}
