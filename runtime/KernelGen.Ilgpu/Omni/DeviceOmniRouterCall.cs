using System.ComponentModel;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>Connects a generated <c>Route</c> or <c>RouteBackward</c> of a product-key router with its kernels: validates the views.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct DeviceOmniRouterCall
{
    private readonly AcceleratorStream _stream;
    private readonly ArrayView2D<float, Stride2D.DenseX> _x;
    private readonly ArrayView2D<float, Stride2D.DenseX> _y;
    private readonly ArrayView2D<float, Stride2D.DenseX> _scores;
    private readonly ArrayView2D<int, Stride2D.DenseX> _indices;
    private readonly bool _isBackward;

    private DeviceOmniRouterCall(
        AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> x, ArrayView2D<float, Stride2D.DenseX> y,
        ArrayView2D<float, Stride2D.DenseX> scores, ArrayView2D<int, Stride2D.DenseX> indices, bool isBackward) =>
        (_stream, _x, _y, _scores, _indices, _isBackward) = (stream, x, y, scores, indices, isBackward);

    /// <summary>Number of tokens T.</summary>
    public int Tokens => (int)_x.Extent.Y;

    /// <summary>Number of keys per axis, n.</summary>
    public int ExpertsPerAxis => (int)_x.Extent.X;

    /// <summary>Number of experts per token, k.</summary>
    public int TopK => (int)_indices.Extent.X;

    /// <summary>Validates the arguments of <c>Route</c>. The X dimension of a matrix is its row.</summary>
    /// <exception cref="ArgumentException">A view has the wrong extent, or is in another accelerator's memory.</exception>
    /// <exception cref="ObjectDisposedException">The stream, its accelerator or a buffer is disposed.</exception>
    public static DeviceOmniRouterCall Create(
        AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> x, ArrayView2D<float, Stride2D.DenseX> y,
        ArrayView2D<float, Stride2D.DenseX> scores, ArrayView2D<int, Stride2D.DenseX> indices)
    {
        var accelerator = StreamCheck.Require(stream);
        ViewCheck.RequireMatrix(x, nameof(x), "[T, n]", accelerator, null, null);
        var tokens = x.Extent.Y;
        ViewCheck.RequireMatrix(y, nameof(y), "[T, n]", accelerator, tokens, x.Extent.X);
        ViewCheck.RequireMatrix(scores, nameof(scores), "[T, k]", accelerator, tokens, null);
        ViewCheck.RequireMatrix(indices, nameof(indices), "[T, k]", accelerator, tokens, scores.Extent.X);
        ViewCheck.RequireOwnRows(scores, nameof(scores));
        ViewCheck.RequireOwnRows(indices, nameof(indices));
        return new DeviceOmniRouterCall(stream, x, y, scores, indices, isBackward: false);
    }

    /// <summary>Validates the arguments of <c>RouteBackward</c>. The X dimension of a matrix is its row.</summary>
    /// <exception cref="ArgumentException">A view has the wrong extent, or is in another accelerator's memory.</exception>
    /// <exception cref="ObjectDisposedException">The stream, its accelerator or a buffer is disposed.</exception>
    public static DeviceOmniRouterCall CreateBackward(
        AcceleratorStream stream, ArrayView2D<int, Stride2D.DenseX> indices, ArrayView2D<float, Stride2D.DenseX> gradScores,
        ArrayView2D<float, Stride2D.DenseX> gradX, ArrayView2D<float, Stride2D.DenseX> gradY)
    {
        var accelerator = StreamCheck.Require(stream);
        ViewCheck.RequireMatrix(indices, nameof(indices), "[T, k]", accelerator, null, null);
        var tokens = indices.Extent.Y;
        ViewCheck.RequireMatrix(gradScores, nameof(gradScores), "[T, k]", accelerator, tokens, indices.Extent.X);
        ViewCheck.RequireMatrix(gradX, nameof(gradX), "[T, n]", accelerator, tokens, null);
        ViewCheck.RequireMatrix(gradY, nameof(gradY), "[T, n]", accelerator, tokens, gradX.Extent.X);
        ViewCheck.RequireOwnRows(gradX, nameof(gradX));
        ViewCheck.RequireOwnRows(gradY, nameof(gradY));
        return new DeviceOmniRouterCall(stream, gradX, gradY, gradScores, indices, isBackward: true);
    }

    /// <summary>Enqueues the router or its backward pass.</summary>
    public void Run(OmniRouterKernels kernels) => Run(kernels, KernelForms.Of(_stream.Accelerator));

    /// <summary>Enqueues it in a given form, for tests.</summary>
    internal void Run(OmniRouterKernels kernels, KernelForm form)
    {
        if (Tokens == 0) return;
        var sizes = new OmniRouterSizes
        {
            XStride = _x.Stride.YStride,
            YStride = _y.Stride.YStride,
            ScoresStride = _scores.Stride.YStride,
            IndicesStride = _indices.Stride.YStride,
            Tokens = Tokens,
        };
        kernels.Launch(_isBackward, form, _stream, _x.BaseView, _y.BaseView, _scores.BaseView, _indices.BaseView, sizes);
    }
}
