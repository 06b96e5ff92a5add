using System.ComponentModel;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace KernelGen.Cpu;

/// <summary>Connects a generated <c>Route</c> or <c>RouteByTable</c> with its kernel: validates the shapes and distributes the tokens over the threads.</summary>
/// <typeparam name="TLogit">Logit type.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly unsafe ref struct GateCall<TLogit>
    where TLogit : unmanaged
{
    // Logits per work item: microseconds of work, well above the cost of handing it to another thread.
    private const int LogitsPerItem = 16 * 1024;

    // Items are a multiple of this, so that no kernel's tile of tokens is split.
    private const int TokenMultiple = 16;

    private readonly ReadOnlyTensorSpan<TLogit> _logits;
    private readonly TensorSpan<float> _weights;
    private readonly TensorSpan<int> _experts;
    private readonly float _routedScalingFactor;
    private readonly int _routedTokens;

    private GateCall(
        ReadOnlyTensorSpan<TLogit> logits, TensorSpan<float> weights, TensorSpan<int> experts, float routedScalingFactor, int nonPaddedTokens)
    {
        TensorShape.RequireMatrix(logits, nameof(logits), "[T, E]", null, null);
        var tokens = logits.Lengths[0];
        TensorShape.RequireMatrix<float>(weights, nameof(weights), "[T, k]", tokens, null);
        TensorShape.RequireMatrix<int>(experts, nameof(experts), "[T, k]", tokens, weights.Lengths[1]);
        TensorShape.RequireOwnRows<float>(weights, nameof(weights));
        TensorShape.RequireOwnRows<int>(experts, nameof(experts));
        if (!float.IsFinite(routedScalingFactor))
            throw new ArgumentOutOfRangeException(nameof(routedScalingFactor), routedScalingFactor, "the routed scaling factor must be finite");
        if (nonPaddedTokens < -1 || nonPaddedTokens > tokens)
            throw new ArgumentOutOfRangeException(nameof(nonPaddedTokens), nonPaddedTokens, $"expected 0 to T = {tokens}, or -1 for all tokens");
        _logits = logits;
        _weights = weights;
        _experts = experts;
        _routedScalingFactor = routedScalingFactor;
        _routedTokens = nonPaddedTokens < 0 ? (int)tokens : nonPaddedTokens;
    }

    /// <summary>Number of tokens T.</summary>
    public int Tokens => (int)_logits.Lengths[0];

    /// <summary>Number of experts E.</summary>
    public int Experts => (int)_logits.Lengths[1];

    /// <summary>Number of experts per token, k.</summary>
    public int TopK => (int)_weights.Lengths[1];

    /// <summary>The bias added to the scores for selection: [E], or empty.</summary>
    private ReadOnlySpan<float> CorrectionBias { get; init; }

    /// <summary>Table row of each token; empty without a table.</summary>
    private ReadOnlySpan<int> TokenIds { get; init; }

    /// <summary>Expert ids [vocabulary, k]; empty without a table.</summary>
    private ReadOnlyTensorSpan<int> Table { get; init; }

    /// <summary>Whether there is a correction bias.</summary>
    public bool HasCorrectionBias => !CorrectionBias.IsEmpty;

    /// <summary>Validates the arguments of <c>Route</c>.</summary>
    /// <param name="logits">[T, E]; rows may be strided, but each must be contiguous.</param>
    /// <param name="correctionBias">[E], or empty.</param>
    /// <param name="weights">Receives the weights [T, k]; must not overlap another argument.</param>
    /// <param name="experts">Receives the expert ids [T, k]; must not overlap another argument.</param>
    /// <param name="routedScalingFactor">Factor for the weights of the routed experts.</param>
    /// <param name="nonPaddedTokens">Number of tokens to route, 0 to T; the others get id −1 and weight 0. −1 routes all tokens.</param>
    /// <exception cref="ArgumentException">A tensor has the wrong shape, or rows that are not dense.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The factor is not finite, or the number of tokens is outside 0 to T.</exception>
    public static GateCall<TLogit> Create(
        ReadOnlyTensorSpan<TLogit> logits, ReadOnlySpan<float> correctionBias, TensorSpan<float> weights, TensorSpan<int> experts,
        float routedScalingFactor, int nonPaddedTokens)
    {
        var call = new GateCall<TLogit>(logits, weights, experts, routedScalingFactor, nonPaddedTokens) { CorrectionBias = correctionBias };
        if (!correctionBias.IsEmpty && correctionBias.Length != logits.Lengths[1])
            throw new ArgumentException($"correctionBias has {correctionBias.Length} elements; expected [E] = [{logits.Lengths[1]}], or none", nameof(correctionBias));
        return call;
    }

    /// <summary>Validates the arguments of <c>RouteByTable</c>, including the table rows and expert ids that the call uses.</summary>
    /// <param name="logits">[T, E]; rows may be strided, but each must be contiguous.</param>
    /// <param name="tokenIds">Table row of each token, [T].</param>
    /// <param name="table">Expert ids, [vocabulary, k].</param>
    /// <param name="weights">Receives the weights [T, k]; must not overlap another argument.</param>
    /// <param name="experts">Receives the expert ids [T, k]; must not overlap another argument.</param>
    /// <param name="routedScalingFactor">Factor for every weight.</param>
    /// <param name="nonPaddedTokens">Number of tokens to route, 0 to T; the others get id −1 and weight 0. −1 routes all tokens.</param>
    /// <exception cref="ArgumentException">A tensor has the wrong shape, or rows that are not dense.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A token's table row does not exist or names an expert that does not exist, the factor is not finite, or the number of
    /// tokens is outside 0 to T.
    /// </exception>
    public static GateCall<TLogit> CreateByTable(
        ReadOnlyTensorSpan<TLogit> logits, ReadOnlySpan<int> tokenIds, ReadOnlyTensorSpan<int> table, TensorSpan<float> weights, TensorSpan<int> experts,
        float routedScalingFactor, int nonPaddedTokens)
    {
        var call = new GateCall<TLogit>(logits, weights, experts, routedScalingFactor, nonPaddedTokens) { TokenIds = tokenIds, Table = table };
        if (tokenIds.Length != call.Tokens)
            throw new ArgumentException($"tokenIds has {tokenIds.Length} elements; expected [T] = [{call.Tokens}]", nameof(tokenIds));
        TensorShape.RequireMatrix(table, nameof(table), "[vocabulary, k]", null, call.TopK);
        call.RequireTableEntries(nameof(tokenIds), nameof(table));
        return call;
    }

    /// <summary>Routes every token, on all threads if there are enough tokens. Allocates nothing.</summary>
    /// <param name="kernel">Routes a range of tokens.</param>
    /// <param name="cancellation">Cancels the call between work items; its outputs are then undefined.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was cancelled.</exception>
    public void Run(delegate*<in GateArguments, void> kernel, CancellationToken cancellation = default)
    {
        using var scope = new CancellationScope(cancellation);
        if (_routedTokens > 0) Route(kernel);
        for (nint token = _routedTokens; token < Tokens; token++)
        {
            Row(_weights, token).Clear();
            Row(_experts, token).Fill(-1);
        }
    }

    private void Route(delegate*<in GateArguments, void> kernel)
    {
        fixed (TLogit* logits = &_logits.GetPinnableReference())
        fixed (float* correctionBias = CorrectionBias)
        fixed (int* tokenIds = TokenIds, table = &Table.GetPinnableReference())
        fixed (float* weights = &_weights.GetPinnableReference())
        fixed (int* experts = &_experts.GetPinnableReference())
        {
            var arguments = new GateArguments
            {
                Logits = logits,
                LogitsStride = _logits.Strides[0],
                CorrectionBias = correctionBias,
                TokenIds = tokenIds,
                Table = table,
                TableStride = table is null ? 0 : Table.Strides[0],
                Weights = weights,
                WeightsStride = _weights.Strides[0],
                Experts = experts,
                ExpertsStride = _experts.Strides[0],
                Tokens = _routedTokens,
                RoutedScalingFactor = _routedScalingFactor,
            };
            var tokensPerItem = Math.Max(LogitsPerItem / Experts / TokenMultiple, 1) * TokenMultiple;
            if (_routedTokens <= tokensPerItem)
            {
                kernel(in arguments);
                return;
            }

            var work = new Work { Arguments = &arguments, Kernel = kernel, TokensPerItem = tokensPerItem };
            CpuWorkers.Run(&work, ((_routedTokens - 1) / tokensPerItem) + 1, &RunItem);
        }
    }

    private static void RunItem(void* context, int item)
    {
        var work = (Work*)context;
        var first = item * work->TokensPerItem;
        work->Kernel(work->Arguments->Slice<TLogit>(first, Math.Min(work->TokensPerItem, work->Arguments->Tokens - first)));
    }

    private void RequireTableEntries(string tokenIdsName, string tableName)
    {
        for (var token = 0; token < _routedTokens; token++)
        {
            var row = TokenIds[token];
            if ((uint)row >= (nuint)Table.Lengths[0])
                throw new ArgumentOutOfRangeException(tokenIdsName, row, $"tokenIds[{token}] is {row}; the table has {Table.Lengths[0]} rows");
            var experts = MemoryMarshal.CreateReadOnlySpan(in Table[row, 0], TopK);
            for (var rank = 0; rank < experts.Length; rank++)
            {
                if ((uint)experts[rank] >= (uint)Experts)
                    throw new ArgumentOutOfRangeException(tableName, experts[rank], $"table[{row}, {rank}] is {experts[rank]}; there are {Experts} experts");
            }
        }
    }

    private static Span<T> Row<T>(TensorSpan<T> matrix, nint row) => MemoryMarshal.CreateSpan(ref matrix[row, 0], (int)matrix.Lengths[1]);

    private struct Work
    {
        public GateArguments* Arguments;
        public delegate*<in GateArguments, void> Kernel;
        public int TokensPerItem;
    }
}
