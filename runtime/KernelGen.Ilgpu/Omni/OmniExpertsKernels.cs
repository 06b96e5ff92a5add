using System.ComponentModel;
using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using Backward = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<int>,
    ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, KernelGen.Ilgpu.OmniExpertsSizes>;
using Experts = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>,
    ILGPU.ArrayView<ulong>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, KernelGen.Ilgpu.OmniExpertsSizes>;
using Forward = System.Action<
    ILGPU.Runtime.AcceleratorStream, ILGPU.KernelConfig, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<float>, ILGPU.ArrayView<int>,
    ILGPU.ArrayView<float>, KernelGen.Ilgpu.OmniExpertsSizes>;

namespace KernelGen.Ilgpu;

/// <summary>A forward entry of the neuron experts' kernel template for ILGPU.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate void OmniExpertsKernel(
    ArrayView<float> hidden, ArrayView<float> up, ArrayView<float> down, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> output, OmniExpertsSizes sizes);

/// <summary>An entry for the gradients of the tokens.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate void OmniExpertsTokensKernel(
    ArrayView<float> hidden, ArrayView<float> up, ArrayView<float> down, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> gradOutput,
    ArrayView<float> gradHidden, ArrayView<float> gradWeights, ArrayView<float> sumGradients, ArrayView<float> activations, OmniExpertsSizes sizes);

/// <summary>An entry for the gradients of the experts.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate void OmniExpertsRowsKernel(
    ArrayView<float> hidden, ArrayView<float> gradOutput, ArrayView<float> gradUp, ArrayView<float> gradDown,
    ArrayView<ulong> sortedSlots, ArrayView<float> sumGradients, ArrayView<float> activations, OmniExpertsSizes sizes);

/// <summary>The kernels of one generated configuration of neuron experts, and how they are launched.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class OmniExpertsKernels : IGeneratedKernels
{
    private readonly DeviceKernel<Forward>[] _forward;
    private readonly DeviceKernel<Backward>[] _tokens;
    private readonly DeviceKernel<Experts>[] _experts;

    /// <summary>Creates the kernels; nothing is loaded yet. Each array has three kernels: thread blocks with aligned rows, thread blocks with any rows, single threads.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="vectorWidth">Number of elements that are read at once from aligned rows.</param>
    /// <param name="forward">The forward pass.</param>
    /// <param name="tokens">The gradients of the tokens.</param>
    /// <param name="experts">The gradients of the experts.</param>
    public OmniExpertsKernels(KernelVariant variant, int vectorWidth, OmniExpertsKernel[] forward, OmniExpertsTokensKernel[] tokens, OmniExpertsRowsKernel[] experts)
    {
        (Variant, VectorWidth) = (variant, vectorWidth);
        _forward = Array.ConvertAll(forward, kernel => new DeviceKernel<Forward>(variant.Name, kernel));
        _tokens = Array.ConvertAll(tokens, kernel => new DeviceKernel<Backward>(variant.Name, kernel));
        _experts = Array.ConvertAll(experts, kernel => new DeviceKernel<Experts>(variant.Name, kernel));
    }

    /// <summary>The variant.</summary>
    public KernelVariant Variant { get; }

    /// <summary>The kernels' methods, for tools that inspect them.</summary>
    public IEnumerable<MethodInfo> Methods => [.. _forward.Select(kernel => kernel.Method), .. _tokens.Select(kernel => kernel.Method), .. _experts.Select(kernel => kernel.Method)];

    /// <summary>Number of elements that are read at once from aligned rows.</summary>
    internal int VectorWidth { get; }

    /// <summary>Launches the forward pass.</summary>
    internal void Launch(OmniExpertsForm form, AcceleratorStream stream, in OmniExpertsInputs inputs, in ArrayView<float> output, in OmniExpertsSizes sizes)
    {
        var config = OmniExpertsLaunch.OfTokens(form, stream.Accelerator, sizes.Tokens);
        _forward[(int)form].Launch(stream, config, inputs.Hidden, inputs.Up, inputs.Down, inputs.Weights, inputs.Experts, output, sizes);
    }

    /// <summary>Launches the gradients of the tokens; the workspaces receive what the gradients of the experts need.</summary>
    internal void LaunchTokens(
        OmniExpertsForm form, AcceleratorStream stream, in OmniExpertsInputs inputs, in ArrayView<float> gradOutput,
        in ArrayView<float> gradHidden, in ArrayView<float> gradWeights, in ArrayView<float> sumGradients, in ArrayView<float> activations, in OmniExpertsSizes sizes)
    {
        var config = OmniExpertsLaunch.OfTokens(form, stream.Accelerator, sizes.Tokens);
        _tokens[(int)form].Launch(
            stream, config, inputs.Hidden, inputs.Up, inputs.Down, inputs.Weights, inputs.Experts, gradOutput, gradHidden, gradWeights, sumGradients, activations, sizes);
    }

    /// <summary>Launches the gradients of the experts, which are accumulated.</summary>
    internal void LaunchExperts(
        OmniExpertsForm form, AcceleratorStream stream, in ArrayView<float> hidden, in ArrayView<float> gradOutput, in ArrayView<float> gradUp, in ArrayView<float> gradDown,
        in ArrayView<ulong> sortedSlots, in ArrayView<float> sumGradients, in ArrayView<float> activations, in OmniExpertsSizes sizes, int hiddenSize)
    {
        var config = OmniExpertsLaunch.OfExperts(form, stream.Accelerator, (int)activations.Length, hiddenSize, VectorWidth);
        _experts[(int)form].Launch(stream, config, hidden, gradOutput, gradUp, gradDown, sortedSlots, sumGradients, activations, sizes);
    }
}

/// <summary>Inputs of both passes.</summary>
/// <param name="Hidden">Hidden states [T, H].</param>
/// <param name="Up">U [E, H].</param>
/// <param name="Down">D [E, H].</param>
/// <param name="Weights">Router weights [T, k].</param>
/// <param name="Experts">Expert ids [T, k].</param>
internal readonly record struct OmniExpertsInputs(ArrayView<float> Hidden, ArrayView<float> Up, ArrayView<float> Down, ArrayView<float> Weights, ArrayView<int> Experts);
