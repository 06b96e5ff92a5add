using System.ComponentModel;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>Connects a generated <c>Route</c> or <c>RouteByTable</c> with its kernels: validates the views.</summary>
/// <typeparam name="TLogit">Logit type.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct DeviceGateCall<TLogit>
    where TLogit : unmanaged
{
    private readonly AcceleratorStream _stream;
    private readonly ArrayView2D<TLogit, Stride2D.DenseX> _logits;
    private readonly ArrayView2D<float, Stride2D.DenseX> _weights;
    private readonly ArrayView2D<int, Stride2D.DenseX> _experts;
    private readonly float _routedScalingFactor;
    private readonly int _routedTokens;

    private DeviceGateCall(
        AcceleratorStream stream, ArrayView2D<TLogit, Stride2D.DenseX> logits, ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts,
        float routedScalingFactor, int nonPaddedTokens)
    {
        var accelerator = StreamCheck.Require(stream);
        ViewCheck.RequireMatrix(logits, nameof(logits), "[T, E]", accelerator, null, null);
        var tokens = logits.Extent.Y;
        ViewCheck.RequireMatrix(weights, nameof(weights), "[T, k]", accelerator, tokens, null);
        ViewCheck.RequireMatrix(experts, nameof(experts), "[T, k]", accelerator, tokens, weights.Extent.X);
        ViewCheck.RequireOwnRows(weights, nameof(weights));
        ViewCheck.RequireOwnRows(experts, nameof(experts));
        if (!float.IsFinite(routedScalingFactor))
            throw new ArgumentOutOfRangeException(nameof(routedScalingFactor), routedScalingFactor, "the routed scaling factor must be finite");
        if (nonPaddedTokens < -1 || nonPaddedTokens > tokens)
            throw new ArgumentOutOfRangeException(nameof(nonPaddedTokens), nonPaddedTokens, $"expected 0 to T = {tokens}, or -1 for all tokens");
        (_stream, _logits, _weights, _experts, _routedScalingFactor) = (stream, logits, weights, experts, routedScalingFactor);
        _routedTokens = nonPaddedTokens < 0 ? (int)tokens : nonPaddedTokens;
    }

    /// <summary>Number of tokens T.</summary>
    public int Tokens => (int)_logits.Extent.Y;

    /// <summary>Number of experts E.</summary>
    public int Experts => (int)_logits.Extent.X;

    /// <summary>Number of experts per token, k.</summary>
    public int TopK => (int)_weights.Extent.X;

    /// <summary>Whether there is a correction bias.</summary>
    public bool HasCorrectionBias => CorrectionBias.Length > 0;

    private ArrayView<float> CorrectionBias { get; init; }

    private ArrayView<int> TokenIds { get; init; }

    private ArrayView2D<int, Stride2D.DenseX> Table { get; init; }

    /// <summary>Validates the arguments of <c>Route</c>. The X dimension of a matrix is its row.</summary>
    /// <exception cref="ArgumentException">A view has the wrong extent, or is in another accelerator's memory.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The factor is not finite, or the number of tokens is outside 0 to T.</exception>
    /// <exception cref="ObjectDisposedException">The stream, its accelerator or a buffer is disposed.</exception>
    public static DeviceGateCall<TLogit> Create(
        AcceleratorStream stream, ArrayView2D<TLogit, Stride2D.DenseX> logits, ArrayView<float> correctionBias,
        ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, float routedScalingFactor, int nonPaddedTokens)
    {
        var call = new DeviceGateCall<TLogit>(stream, logits, weights, experts, routedScalingFactor, nonPaddedTokens) { CorrectionBias = correctionBias };
        if (correctionBias.Length > 0) ViewCheck.RequireVector(correctionBias, nameof(correctionBias), "[E]", stream.Accelerator, call.Experts);
        return call;
    }

    /// <summary>Validates the arguments of <c>RouteByTable</c>. The X dimension of a matrix is its row.</summary>
    /// <exception cref="ArgumentException">A view has the wrong extent, or is in another accelerator's memory.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The factor is not finite, or the number of tokens is outside 0 to T.</exception>
    /// <exception cref="ObjectDisposedException">The stream, its accelerator or a buffer is disposed.</exception>
    public static DeviceGateCall<TLogit> CreateByTable(
        AcceleratorStream stream, ArrayView2D<TLogit, Stride2D.DenseX> logits, ArrayView<int> tokenIds, ArrayView2D<int, Stride2D.DenseX> table,
        ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, float routedScalingFactor, int nonPaddedTokens)
    {
        var call = new DeviceGateCall<TLogit>(stream, logits, weights, experts, routedScalingFactor, nonPaddedTokens) { TokenIds = tokenIds, Table = table };
        ViewCheck.RequireVector(tokenIds, nameof(tokenIds), "[T]", stream.Accelerator, call.Tokens);
        ViewCheck.RequireMatrix(table, nameof(table), "[vocabulary, k]", stream.Accelerator, null, call.TopK);
        return call;
    }

    /// <summary>Enqueues the gate.</summary>
    /// <typeparam name="TBits">The type of the same size by which kernels handle logits.</typeparam>
    public void Run<TBits>(GateKernels<TBits> kernels)
        where TBits : unmanaged => Run(kernels, form: null);

    /// <summary>Enqueues the gate in a given form, for tests.</summary>
    internal void Run<TBits>(GateKernels<TBits> kernels, GateForm? form)
        where TBits : unmanaged
    {
        if (Tokens == 0) return;
        var sizes = new GateSizes
        {
            LogitsStride = _logits.Stride.YStride,
            WeightsStride = _weights.Stride.YStride,
            ExpertsStride = _experts.Stride.YStride,
            TableStride = Table.Stride.YStride,
            TableRows = Table.Extent.Y,
            Tokens = Tokens,
            RoutedTokens = _routedTokens,
            RoutedScalingFactor = _routedScalingFactor,
        };
        var logits = _logits.BaseView.Cast<TBits>();
        form ??= kernels.Choose(_stream.Accelerator, logits, CorrectionBias, sizes);
        kernels.Launch(form.Value, _stream, logits, CorrectionBias, _weights.BaseView, _experts.BaseView, TokenIds, Table.BaseView, sizes);
    }
}
