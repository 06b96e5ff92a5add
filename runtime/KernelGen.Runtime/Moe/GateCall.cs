using System.ComponentModel;
using System.Numerics.Tensors;

namespace KernelGen.Cpu;

/// <summary>Runs a gate kernel: checks the caller's tensors and divides the tokens among the processors.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class GateCall
{
    // Logits that one work item reads: a few microseconds of work, well above what handing it over costs.
    private const int LogitsPerItem = 16 * 1024;

    // Items are a multiple of this, so that no kernel's tile of tokens is cut in two.
    private const int TokenMultiple = 16;

    /// <summary>Routes every token of <paramref name="logits"/>. Allocates nothing.</summary>
    /// <param name="shape">What the kernel was made for.</param>
    /// <param name="logits">[tokens, E]; rows may lie apart, elements of a row may not.</param>
    /// <param name="correctionBias">[E], or empty where the gate has none.</param>
    /// <param name="weights">Receives the weights [tokens, k]; must not overlap another argument.</param>
    /// <param name="experts">Receives the expert ids [tokens, k]; must not overlap another argument.</param>
    /// <param name="routedScalingFactor">Every weight is multiplied by this.</param>
    /// <param name="rows">The kernel: routes the tokens from its second to its third argument, exclusive.</param>
    /// <exception cref="ArgumentException">A tensor has the wrong shape, or its rows are not dense.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="routedScalingFactor"/> is not finite.</exception>
    public static void Run(
        in GateShape shape,
        ReadOnlyTensorSpan<float> logits,
        ReadOnlySpan<float> correctionBias,
        TensorSpan<float> weights,
        TensorSpan<int> experts,
        float routedScalingFactor,
        delegate*<GateArguments*, int, int, void> rows)
    {
        Validate(shape, logits, correctionBias, weights, experts, routedScalingFactor);
        var tokens = (int)logits.Lengths[0];
        if (tokens == 0) return;

        fixed (float* logitsStart = &logits.GetPinnableReference())
        fixed (float* biasStart = correctionBias)
        fixed (float* weightsStart = &weights.GetPinnableReference())
        fixed (int* expertsStart = &experts.GetPinnableReference())
        {
            var arguments = new GateArguments
            {
                Logits = logitsStart,
                LogitsStride = logits.Strides[0],
                CorrectionBias = biasStart,
                Weights = weightsStart,
                WeightsStride = weights.Strides[0],
                Experts = expertsStart,
                ExpertsStride = experts.Strides[0],
                RoutedScalingFactor = routedScalingFactor,
            };
            Divide(&arguments, tokens, shape.Experts, rows);
        }
    }

    /// <summary>What the tensors of a call ask for, before a kernel is chosen.</summary>
    /// <exception cref="ArgumentException">The tensors are no matrices or do not fit each other.</exception>
    public static (int Tokens, int Experts, int TopK, bool CorrectionBias) Ask(
        ReadOnlyTensorSpan<float> logits, ReadOnlySpan<float> correctionBias, TensorSpan<float> weights, TensorSpan<int> experts)
    {
        TensorShape.RequireMatrix(logits, nameof(logits), "[T, E]", null, null);
        TensorShape.RequireMatrix<float>(weights, nameof(weights), "[T, k]", logits.Lengths[0], null);
        TensorShape.RequireMatrix<int>(experts, nameof(experts), "[T, k]", logits.Lengths[0], weights.Lengths[1]);
        return ((int)logits.Lengths[0], (int)logits.Lengths[1], (int)weights.Lengths[1], !correctionBias.IsEmpty);
    }

    private static void Divide(GateArguments* arguments, int tokens, int expertCount, delegate*<GateArguments*, int, int, void> rows)
    {
        var tokensPerItem = Math.Max(LogitsPerItem / expertCount / TokenMultiple, 1) * TokenMultiple;
        if (tokens <= tokensPerItem)
        {
            rows(arguments, 0, tokens);
            return;
        }

        var work = new Work { Arguments = arguments, Rows = rows, Tokens = tokens, TokensPerItem = tokensPerItem };
        CpuWorkers.Run(&work, ((tokens - 1) / tokensPerItem) + 1, &RunItem);
    }

    private static void RunItem(void* context, int item)
    {
        var work = (Work*)context;
        var begin = item * work->TokensPerItem;
        work->Rows(work->Arguments, begin, Math.Min(work->TokensPerItem, work->Tokens - begin) + begin);
    }

    private static void Validate(
        in GateShape shape,
        in ReadOnlyTensorSpan<float> logits,
        ReadOnlySpan<float> correctionBias,
        in TensorSpan<float> weights,
        in TensorSpan<int> experts,
        float routedScalingFactor)
    {
        CheckMatrix(nameof(logits), logits.Lengths, logits.Strides, -1, shape.Experts);
        var tokens = logits.Lengths[0];
        if (tokens > int.MaxValue) throw new ArgumentException($"logits has {tokens} rows; at most {int.MaxValue} are possible", nameof(logits));
        CheckOutput(nameof(weights), weights.Lengths, weights.Strides, tokens, shape.TopK);
        CheckOutput(nameof(experts), experts.Lengths, experts.Strides, tokens, shape.TopK);

        var biasLength = shape.CorrectionBias ? shape.Experts : 0;
        if (correctionBias.Length != biasLength)
        {
            var expected = shape.CorrectionBias ? $"[{shape.Experts}]" : "no elements, for this gate has no correction bias";
            throw new ArgumentException($"correctionBias has shape [{correctionBias.Length}]; expected {expected}", nameof(correctionBias));
        }

        if (!float.IsFinite(routedScalingFactor))
            throw new ArgumentOutOfRangeException(nameof(routedScalingFactor), routedScalingFactor, "the routed scaling factor must be finite");
    }

    /// <summary>Rows that share memory are fine to read from, but not to write to.</summary>
    private static void CheckOutput(string name, ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, nint rows, int columns)
    {
        CheckMatrix(name, lengths, strides, rows, columns);
        if (rows > 1 && strides[0] < columns)
            throw new ArgumentException($"{name} has rows {strides[0]} elements apart; [{rows}, {columns}] needs at least {columns}", name);
    }

    private static void CheckMatrix(string name, ReadOnlySpan<nint> lengths, ReadOnlySpan<nint> strides, nint rows, int columns)
    {
        if (lengths.Length != 2 || lengths[1] != columns || (rows >= 0 && lengths[0] != rows))
        {
            var expectedRows = rows < 0 ? "tokens" : $"{rows}";
            throw new ArgumentException($"{name} has shape [{string.Join(", ", lengths.ToArray())}]; expected [{expectedRows}, {columns}]", name);
        }

        if (lengths[0] > 0 && columns > 1 && strides[1] != 1)
            throw new ArgumentException($"{name} has a last dimension of stride {strides[1]}; expected [{(rows < 0 ? "tokens" : $"{rows}")}, {columns}] with dense rows", name);
    }

    private struct Work
    {
        public GateArguments* Arguments;
        public delegate*<GateArguments*, int, int, void> Rows;
        public int Tokens;
        public int TokensPerItem;
    }
}
