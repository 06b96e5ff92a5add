using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>A function of the driver's.</summary>
/// <param name="Handle">The driver's handle.</param>
/// <param name="IsChained">Whether it may start while the kernel before it still runs; it waits itself for what it needs.</param>
internal readonly record struct CudaFunction(nint Handle, bool IsChained)
{
    /// <summary>
    /// The same for a grid of so many groups. Each group of a chained kernel starts later: on an H200 65,536 tokens of a gate took 40 µs instead of
    /// 33. What a chain saves, about a microsecond a kernel, counts for a few groups alone.
    /// </summary>
    public CudaFunction For(in KernelConfig config, Accelerator accelerator) =>
        this with { IsChained = IsChained && config.GridDim.Size <= 2 * accelerator.NumMultiprocessors };
}
