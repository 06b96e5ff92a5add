using System.Numerics.Tensors;

namespace KernelGen;

/// <summary>A generated <c>Route</c> of any class: the top-k experts of every token.</summary>
/// <typeparam name="TLogit">Logit type.</typeparam>
/// <param name="logits">[T, E].</param>
/// <param name="correctionBias">[E] or empty.</param>
/// <param name="weights">Receives [T, k].</param>
/// <param name="experts">Receives [T, k].</param>
/// <param name="routedScalingFactor">Factor for the weights of the routed experts.</param>
/// <param name="nonPaddedTokens">Number of tokens to route; the remaining rows get id −1 and weight 0. −1 routes all tokens.</param>
/// <param name="cancellation">Cancels the call; its outputs are then undefined.</param>
public delegate void GateRoute<TLogit>(
    ReadOnlyTensorSpan<TLogit> logits, ReadOnlySpan<float> correctionBias, TensorSpan<float> weights, TensorSpan<int> experts,
    float routedScalingFactor = 1f, int nonPaddedTokens = -1, CancellationToken cancellation = default)
    where TLogit : unmanaged;

/// <summary>A generated <c>RouteByTable</c> of any class: the weights of the experts that a table assigns to every token.</summary>
/// <typeparam name="TLogit">Logit type.</typeparam>
/// <param name="logits">[T, E].</param>
/// <param name="tokenIds">Table row of each token, [T].</param>
/// <param name="table">Expert ids [vocabulary, k].</param>
/// <param name="weights">Receives [T, k].</param>
/// <param name="experts">Receives [T, k], as in the table.</param>
/// <param name="routedScalingFactor">Factor for all weights.</param>
/// <param name="nonPaddedTokens">Number of tokens to route; the remaining rows get id −1 and weight 0. −1 routes all tokens.</param>
/// <param name="cancellation">Cancels the call; its outputs are then undefined.</param>
public delegate void GateRouteByTable<TLogit>(
    ReadOnlyTensorSpan<TLogit> logits, ReadOnlySpan<int> tokenIds, ReadOnlyTensorSpan<int> table, TensorSpan<float> weights, TensorSpan<int> experts,
    float routedScalingFactor = 1f, int nonPaddedTokens = -1, CancellationToken cancellation = default)
    where TLogit : unmanaged;

/// <summary>A generated <c>Forward</c> of any class: the experts of a layer.</summary>
/// <typeparam name="T">Weight type.</typeparam>
/// <param name="hidden">[T, H].</param>
/// <param name="expertWeights">The experts.</param>
/// <param name="weights">[T, k].</param>
/// <param name="experts">[T, k].</param>
/// <param name="output">Receives [T, H].</param>
/// <param name="splitK">Number of Split-K slices; 0 selects it by token count.</param>
/// <param name="cancellation">Cancels the call; its outputs are then undefined.</param>
public delegate void ExpertsForward<T>(
    ReadOnlyTensorSpan<float> hidden, ExpertWeights<T> expertWeights, ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> experts, TensorSpan<float> output,
    int splitK = 0, CancellationToken cancellation = default)
    where T : unmanaged;

/// <summary>A generated <c>Route</c> of a product-key router of any class.</summary>
/// <param name="x">[T, n].</param>
/// <param name="y">[T, n].</param>
/// <param name="scores">Receives [T, k].</param>
/// <param name="indices">Receives [T, k].</param>
/// <param name="cancellation">Cancels the call; its outputs are then undefined.</param>
public delegate void OmniRoute(
    ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> scores, TensorSpan<int> indices, CancellationToken cancellation = default);

/// <summary>A generated <c>RouteBackward</c> of any class.</summary>
/// <param name="indices">[T, k].</param>
/// <param name="gradScores">[T, k].</param>
/// <param name="gradX">Receives [T, n].</param>
/// <param name="gradY">Receives [T, n].</param>
/// <param name="cancellation">Cancels the call; its outputs are then undefined.</param>
public delegate void OmniRouteBackward(
    ReadOnlyTensorSpan<int> indices, ReadOnlyTensorSpan<float> gradScores, TensorSpan<float> gradX, TensorSpan<float> gradY, CancellationToken cancellation = default);

/// <summary>A generated <c>Forward</c> of neuron experts of any class.</summary>
/// <param name="hidden">[T, H].</param>
/// <param name="up">[E, H].</param>
/// <param name="down">[E, H].</param>
/// <param name="weights">[T, k].</param>
/// <param name="experts">[T, k].</param>
/// <param name="output">Receives [T, H].</param>
/// <param name="cancellation">Cancels the call; its outputs are then undefined.</param>
public delegate void OmniExpertsForward(
    ReadOnlyTensorSpan<float> hidden, ReadOnlyTensorSpan<float> up, ReadOnlyTensorSpan<float> down,
    ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> experts, TensorSpan<float> output, CancellationToken cancellation = default);

/// <summary>A generated <c>Backward</c> of neuron experts of any class.</summary>
/// <param name="hidden">[T, H].</param>
/// <param name="up">[E, H].</param>
/// <param name="down">[E, H].</param>
/// <param name="weights">[T, k].</param>
/// <param name="experts">[T, k].</param>
/// <param name="gradOutput">[T, H].</param>
/// <param name="gradHidden">Receives [T, H].</param>
/// <param name="gradUp">Accumulates [E, H].</param>
/// <param name="gradDown">Accumulates [E, H].</param>
/// <param name="gradWeights">Receives [T, k].</param>
/// <param name="cancellation">Cancels the call; its outputs are then undefined.</param>
public delegate void OmniExpertsBackward(
    ReadOnlyTensorSpan<float> hidden, ReadOnlyTensorSpan<float> up, ReadOnlyTensorSpan<float> down,
    ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> experts, ReadOnlyTensorSpan<float> gradOutput,
    TensorSpan<float> gradHidden, TensorSpan<float> gradUp, TensorSpan<float> gradDown, TensorSpan<float> gradWeights,
    CancellationToken cancellation = default);
