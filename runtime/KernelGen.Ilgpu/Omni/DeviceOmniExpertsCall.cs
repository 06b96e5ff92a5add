using System.ComponentModel;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>Connects a generated <c>Forward</c> of neuron experts with its kernels: validates the views.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct DeviceOmniExpertsCall
{
    private readonly ArrayView2D<float, Stride2D.DenseX> _hidden;
    private readonly ArrayView2D<float, Stride2D.DenseX> _up;
    private readonly ArrayView2D<float, Stride2D.DenseX> _down;
    private readonly ArrayView2D<float, Stride2D.DenseX> _weights;
    private readonly ArrayView2D<int, Stride2D.DenseX> _experts;

    private DeviceOmniExpertsCall(
        AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> hidden, ArrayView2D<float, Stride2D.DenseX> up, ArrayView2D<float, Stride2D.DenseX> down,
        ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, ArrayView2D<float, Stride2D.DenseX> output)
    {
        (Stream, Output) = (stream, output);
        (_hidden, _up, _down, _weights, _experts) = (hidden, up, down, weights, experts);
    }

    /// <summary>Number of tokens T.</summary>
    public int Tokens => (int)_hidden.Extent.Y;

    /// <summary>n, of E = n² experts.</summary>
    public int ExpertsPerAxis => (int)Math.Sqrt(_up.Extent.Y);

    /// <summary>Number of experts per token, k.</summary>
    public int TopK => (int)_weights.Extent.X;

    /// <summary>Hidden size H.</summary>
    public int HiddenSize => (int)_hidden.Extent.X;

    /// <summary>The stream.</summary>
    internal AcceleratorStream Stream { get; }

    /// <summary>The output, or the gradients with respect to it.</summary>
    internal ArrayView2D<float, Stride2D.DenseX> Output { get; }

    /// <summary>Inputs of the kernels.</summary>
    internal OmniExpertsInputs Inputs => new(_hidden.BaseView, _up.BaseView, _down.BaseView, _weights.BaseView, _experts.BaseView);

    /// <summary>Strides and token count.</summary>
    internal OmniExpertsSizes Sizes => new()
    {
        HiddenStride = _hidden.Stride.YStride,
        UpStride = _up.Stride.YStride,
        DownStride = _down.Stride.YStride,
        WeightsStride = _weights.Stride.YStride,
        ExpertsStride = _experts.Stride.YStride,
        OutputStride = Output.Stride.YStride,
        Tokens = Tokens,
    };

    /// <summary>Validates the arguments of <c>Forward</c>. The X dimension of a matrix is its row.</summary>
    /// <exception cref="ArgumentException">A view has the wrong extent, or is in another accelerator's memory, or E is not a square.</exception>
    /// <exception cref="ObjectDisposedException">The stream, its accelerator or a buffer is disposed.</exception>
    public static DeviceOmniExpertsCall Create(
        AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> hidden, ArrayView2D<float, Stride2D.DenseX> up, ArrayView2D<float, Stride2D.DenseX> down,
        ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, ArrayView2D<float, Stride2D.DenseX> output)
    {
        var call = Checked(stream, hidden, up, down, weights, experts, output, nameof(output));
        ViewCheck.RequireOwnRows(output, nameof(output));
        return call;
    }

    /// <summary>Enqueues the forward pass.</summary>
    public void Run(OmniExpertsKernels kernels) => Run(kernels, Form(kernels));

    /// <summary>Enqueues the forward pass in a given form, for tests.</summary>
    internal void Run(OmniExpertsKernels kernels, OmniExpertsForm form)
    {
        if (Tokens > 0) kernels.Launch(form, Stream, Inputs, Output.BaseView, Sizes);
    }

    /// <summary>The same validation if the gradients with respect to the output are read.</summary>
    internal static DeviceOmniExpertsCall Checked(
        AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> hidden, ArrayView2D<float, Stride2D.DenseX> up, ArrayView2D<float, Stride2D.DenseX> down,
        ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, ArrayView2D<float, Stride2D.DenseX> output, string outputName)
    {
        var accelerator = StreamCheck.Require(stream);
        ViewCheck.RequireMatrix(hidden, nameof(hidden), "[T, H]", accelerator, null, null);
        var (tokens, hiddenSize) = (hidden.Extent.Y, hidden.Extent.X);
        ViewCheck.RequireMatrix(up, nameof(up), "[E, H]", accelerator, null, hiddenSize);
        var perAxis = (long)Math.Sqrt(up.Extent.Y);
        if (perAxis * perAxis != up.Extent.Y) throw new ArgumentException($"up has {up.Extent.Y} rows; expected [E, H] with E = n² experts", nameof(up));
        ViewCheck.RequireMatrix(down, nameof(down), "[E, H]", accelerator, up.Extent.Y, hiddenSize);
        ViewCheck.RequireMatrix(weights, nameof(weights), "[T, k]", accelerator, tokens, null);
        ViewCheck.RequireMatrix(experts, nameof(experts), "[T, k]", accelerator, tokens, weights.Extent.X);
        ViewCheck.RequireMatrix(output, outputName, "[T, H]", accelerator, tokens, hiddenSize);
        return new DeviceOmniExpertsCall(stream, hidden, up, down, weights, experts, output);
    }

    /// <summary>Selects the form for the device and the layout of the views.</summary>
    internal OmniExpertsForm Form(OmniExpertsKernels kernels)
    {
        if (KernelForms.Of(Stream.Accelerator) == KernelForm.Thread) return OmniExpertsForm.Thread;
        var width = kernels.VectorWidth;
        return AreRowsAligned(_hidden, width) && AreRowsAligned(_up, width) && AreRowsAligned(_down, width) && AreRowsAligned(Output, width)
            ? OmniExpertsForm.Group
            : OmniExpertsForm.Unaligned;
    }

    /// <summary>Whether every row starts at a multiple of <paramref name="elements"/> elements.</summary>
    internal static bool AreRowsAligned(in ArrayView2D<float, Stride2D.DenseX> matrix, int elements) =>
        CudaArguments.Address(matrix.BaseView) % (elements * sizeof(float)) == 0 && matrix.Stride.YStride % elements == 0;
}
