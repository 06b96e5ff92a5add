using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>A generated <c>Route</c> for a stream and views, whatever class declares it. X of every matrix runs along a row.</summary>
/// <typeparam name="TLogit">Type of a logit.</typeparam>
/// <param name="stream">A stream of the accelerator whose memory holds the views.</param>
/// <param name="logits">[T, E].</param>
/// <param name="correctionBias">[E] or empty.</param>
/// <param name="weights">Receives [T, k].</param>
/// <param name="experts">Receives [T, k].</param>
/// <param name="routedScalingFactor">Factor of the routed experts' weights.</param>
/// <param name="nonPaddedTokens">Tokens that are routed; the rows behind them get the id −1 and the weight 0. −1: all.</param>
public delegate void DeviceGateRoute<TLogit>(
    AcceleratorStream stream, ArrayView2D<TLogit, Stride2D.DenseX> logits, ArrayView<float> correctionBias,
    ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, float routedScalingFactor = 1f, int nonPaddedTokens = -1)
    where TLogit : unmanaged;

/// <summary>A generated <c>Forward</c> for a stream and views, whatever class declares it: the experts of a layer.</summary>
/// <typeparam name="T">Type of a weight.</typeparam>
/// <param name="stream">A stream of the accelerator whose memory holds the views.</param>
/// <param name="hidden">[T, H].</param>
/// <param name="expertWeights">The experts.</param>
/// <param name="weights">[T, k].</param>
/// <param name="experts">[T, k].</param>
/// <param name="output">Receives [T, H].</param>
/// <param name="splitK">Slices of the reduction; 0 lets the number of tokens choose.</param>
public delegate void DeviceExpertsForward<T>(
    AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> hidden, DeviceExpertWeights<T> expertWeights,
    ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, ArrayView2D<float, Stride2D.DenseX> output, int splitK = 0)
    where T : unmanaged;

/// <summary>A generated <c>Route</c> of a product-key router for a stream and views, whatever class declares it.</summary>
/// <param name="stream">A stream of the accelerator whose memory holds the views.</param>
/// <param name="x">[T, n].</param>
/// <param name="y">[T, n].</param>
/// <param name="scores">Receives [T, k].</param>
/// <param name="indices">Receives [T, k].</param>
public delegate void DeviceOmniRoute(
    AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> x, ArrayView2D<float, Stride2D.DenseX> y,
    ArrayView2D<float, Stride2D.DenseX> scores, ArrayView2D<int, Stride2D.DenseX> indices);

/// <summary>A generated <c>RouteBackward</c> for a stream and views, whatever class declares it.</summary>
/// <param name="stream">A stream of the accelerator whose memory holds the views.</param>
/// <param name="indices">[T, k].</param>
/// <param name="gradScores">[T, k].</param>
/// <param name="gradX">Receives [T, n].</param>
/// <param name="gradY">Receives [T, n].</param>
public delegate void DeviceOmniRouteBackward(
    AcceleratorStream stream, ArrayView2D<int, Stride2D.DenseX> indices, ArrayView2D<float, Stride2D.DenseX> gradScores,
    ArrayView2D<float, Stride2D.DenseX> gradX, ArrayView2D<float, Stride2D.DenseX> gradY);
