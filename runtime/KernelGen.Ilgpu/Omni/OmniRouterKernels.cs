using System.ComponentModel;
using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using Launcher = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<int>,
    KernelGen.Ilgpu.OmniRouterSizes>;

namespace KernelGen.Ilgpu;

/// <summary>An entry of the product-key routers' kernel template for ILGPU: logits, scores and ids, or their gradients.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate void OmniRouterKernel(ArrayView<float> x, ArrayView<float> y, ArrayView<float> scores, ArrayView<int> indices, OmniRouterSizes sizes);

/// <summary>The kernels of one generated product-key router, and how they are launched.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class OmniRouterKernels : IGeneratedKernels
{
    private readonly DeviceKernel<Launcher>[] _forward;
    private readonly DeviceKernel<Launcher>[] _backward;

    /// <summary>Creates the kernels; nothing is loaded yet.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="warp">One warp per token.</param>
    /// <param name="thread">One thread per token.</param>
    /// <param name="backwardWarp">The backward pass with one warp per token.</param>
    /// <param name="backwardThread">The backward pass with one thread per token.</param>
    public OmniRouterKernels(KernelVariant variant, OmniRouterKernel warp, OmniRouterKernel thread, OmniRouterKernel backwardWarp, OmniRouterKernel backwardThread)
    {
        Variant = variant;
        _forward = [new(variant.Name, warp), new(variant.Name, thread)];
        _backward = [new(variant.Name, backwardWarp), new(variant.Name, backwardThread)];
    }

    /// <summary>The variant.</summary>
    public KernelVariant Variant { get; }

    /// <summary>The kernels' methods, for tools that inspect them.</summary>
    public IEnumerable<MethodInfo> Methods => _forward.Concat(_backward).Select(kernel => kernel.Method);

    /// <summary>Launches the router or its backward pass.</summary>
    internal void Launch(
        bool backward, KernelForm form, AcceleratorStream stream,
        in ArrayView<float> x, in ArrayView<float> y, in ArrayView<float> scores, in ArrayView<int> indices, in OmniRouterSizes sizes)
    {
        var config = OmniRouterLaunch.Config(form, stream.Accelerator, sizes.Tokens);
        (backward ? _backward : _forward)[(int)form].Launch(stream, config, x, y, scores, indices, sizes);
    }
}
