using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KernelGen.Ilgpu;

/// <summary>How the work of a token is distributed; selected by device.</summary>
internal enum KernelForm
{
    /// <summary>One warp of 32 lanes per token.</summary>
    Warp,

    /// <summary>One thread per token.</summary>
    Thread,
}

/// <summary>Selects the form for a device.</summary>
internal static class KernelForms
{
    private const int ThreadsOfGroup = 64;

    /// <summary>ILGPU's CPU accelerator emulates warps at great cost, and other devices may have warps of any size; only CUDA uses warps.</summary>
    public static KernelForm Of(Accelerator accelerator) =>
        accelerator is CudaAccelerator cuda && cuda.Architecture >= CudaArchitecture.SM_80 ? KernelForm.Warp : KernelForm.Thread;

    /// <summary>The grid for <paramref name="threads"/> independent threads.</summary>
    public static KernelConfig OfThreads(Accelerator accelerator, int threads)
    {
        var ofGroup = Math.Min(ThreadsOfGroup, accelerator.MaxNumThreadsPerGroup);
        return new KernelConfig(((threads - 1) / ofGroup) + 1, ofGroup);
    }
}
