using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>A generated <c>Route</c> of any class that takes a stream and views. The X dimension of a matrix is its row.</summary>
/// <typeparam name="TLogit">Logit type.</typeparam>
/// <param name="stream">A stream of the accelerator that owns the views' memory.</param>
/// <param name="logits">[T, E].</param>
/// <param name="correctionBias">[E] or empty.</param>
/// <param name="weights">Receives [T, k].</param>
/// <param name="experts">Receives [T, k].</param>
/// <param name="routedScalingFactor">Factor for the weights of the routed experts.</param>
/// <param name="nonPaddedTokens">Number of tokens to route; the remaining rows get id −1 and weight 0. −1 routes all tokens.</param>
public delegate void DeviceGateRoute<TLogit>(
    AcceleratorStream stream, ArrayView2D<TLogit, Stride2D.DenseX> logits, ArrayView<float> correctionBias,
    ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, float routedScalingFactor = 1f, int nonPaddedTokens = -1)
    where TLogit : unmanaged;

/// <summary>A generated <c>Forward</c> of any class that takes a stream and views: the experts of a layer.</summary>
/// <typeparam name="T">Weight type.</typeparam>
/// <param name="stream">A stream of the accelerator that owns the views' memory.</param>
/// <param name="hidden">[T, H].</param>
/// <param name="expertWeights">The experts.</param>
/// <param name="weights">[T, k].</param>
/// <param name="experts">[T, k].</param>
/// <param name="output">Receives [T, H].</param>
/// <param name="splitK">Number of Split-K slices; 0 selects it by token count.</param>
public delegate void DeviceExpertsForward<T>(
    AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> hidden, DeviceExpertWeights<T> expertWeights,
    ArrayView2D<float, Stride2D.DenseX> weights, ArrayView2D<int, Stride2D.DenseX> experts, ArrayView2D<float, Stride2D.DenseX> output, int splitK = 0)
    where T : unmanaged;

/// <summary>A generated <c>Route</c> of a product-key router of any class that takes a stream and views.</summary>
/// <param name="stream">A stream of the accelerator that owns the views' memory.</param>
/// <param name="x">[T, n].</param>
/// <param name="y">[T, n].</param>
/// <param name="scores">Receives [T, k].</param>
/// <param name="indices">Receives [T, k].</param>
public delegate void DeviceOmniRoute(
    AcceleratorStream stream, ArrayView2D<float, Stride2D.DenseX> x, ArrayView2D<float, Stride2D.DenseX> y,
    ArrayView2D<float, Stride2D.DenseX> scores, ArrayView2D<int, Stride2D.DenseX> indices);

/// <summary>A generated <c>RouteBackward</c> of any class that takes a stream and views.</summary>
/// <param name="stream">A stream of the accelerator that owns the views' memory.</param>
/// <param name="indices">[T, k].</param>
/// <param name="gradScores">[T, k].</param>
/// <param name="gradX">Receives [T, n].</param>
/// <param name="gradY">Receives [T, n].</param>
public delegate void DeviceOmniRouteBackward(
    AcceleratorStream stream, ArrayView2D<int, Stride2D.DenseX> indices, ArrayView2D<float, Stride2D.DenseX> gradScores,
    ArrayView2D<float, Stride2D.DenseX> gradX, ArrayView2D<float, Stride2D.DenseX> gradY);
