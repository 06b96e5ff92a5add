using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using KernelGen.Cpu;

namespace KernelGen.Benchmarking;

/// <summary>A gate with more random logits than one call takes, so that consecutive calls use different logits.</summary>
/// <typeparam name="TLogit">Type of a logit: <see cref="float"/>, <see cref="Half"/> or <see cref="BFloat16"/>.</typeparam>
public sealed class GateWorkload<TLogit>
    where TLogit : unmanaged
{
    private const int SpareTokens = 4096; // with fewer, the branch predictor learns them

    private readonly GateShape _shape;
    private readonly TLogit[] _logits;
    private readonly float[] _correctionBias;
    private readonly float[] _weights;
    private readonly int[] _experts;
    private readonly int _pool;

    /// <summary>Creates the logits.</summary>
    /// <param name="shape">The gate.</param>
    /// <param name="maxTokens">The largest token count of a call.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxTokens"/> is larger than <see cref="MaxTokens"/>.</exception>
    public GateWorkload(GateShape shape, int maxTokens)
    {
        _shape = shape;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxTokens, MaxTokens(shape));
        _pool = maxTokens + SpareTokens;
        _logits = LogitNumbers<TLogit>.Narrow(RandomNumbers.Normal((long)_pool * shape.Experts, seed: 1));
        _correctionBias = shape.CorrectionBias ? Array.ConvertAll(RandomNumbers.Normal(shape.Experts, seed: 2), value => 0.1f * value) : [];
        _weights = new float[(long)maxTokens * shape.TopK];
        _experts = new int[(long)maxTokens * shape.TopK];
    }

    /// <summary>The largest token count, given that all logits are in one array.</summary>
    public static int MaxTokens(GateShape shape) => (Array.MaxLength / shape.Experts) - SpareTokens;

    /// <summary>Approximate size of a workload of this shape in bytes.</summary>
    public static double BytesFor(GateShape shape, int maxTokens) => (((double)maxTokens + SpareTokens) * Unsafe.SizeOf<TLogit>() * shape.Experts) + (maxTokens * 8.0 * shape.TopK);

    /// <summary>Bytes that a call of <paramref name="tokens"/> tokens reads and writes.</summary>
    public double Bytes(int tokens) => tokens * (((double)Unsafe.SizeOf<TLogit>() * _shape.Experts) + (8.0 * _shape.TopK));

    /// <summary>Runs a gate on the logits of one call.</summary>
    /// <param name="route">The gate.</param>
    /// <param name="tokens">T.</param>
    /// <param name="call">Index of the call, which selects the logits.</param>
    public void Run(GateRoute<TLogit> route, int tokens, int call) => route(
        new ReadOnlyTensorSpan<TLogit>(_logits, FirstToken(call, tokens) * _shape.Experts, [tokens, _shape.Experts], []),
        _correctionBias,
        new TensorSpan<float>(_weights, 0, [tokens, _shape.TopK], []),
        new TensorSpan<int>(_experts, 0, [tokens, _shape.TopK], []));

    /// <summary>Runs a gate and compares tokens, from the first to the last, at most a few thousand, with a double-precision reference.</summary>
    /// <param name="route">The gate.</param>
    /// <param name="tokens">T.</param>
    public Verification Verify(GateRoute<TLogit> route, int tokens)
    {
        const int MaxRows = 2048;
        _weights.AsSpan().Fill(float.NaN);
        _experts.AsSpan().Fill(int.MinValue);
        Run(route, tokens, call: 0);

        var rows = Math.Min(tokens, MaxRows);
        var logits = new float[_shape.Experts];
        var maxError = 0.0;
        string? mismatch = null;
        for (var row = 0; row < rows; row++)
        {
            var token = rows == 1 ? 0 : (int)((long)row * (tokens - 1) / (rows - 1));
            LogitNumbers<TLogit>.Widen(_logits.AsSpan(token * _shape.Experts, _shape.Experts), logits);
            var expected = ReferenceGate.Route(_shape, logits, _correctionBias, routedScalingFactor: 1f);
            var (error, problem) = Compare(expected, _weights.AsSpan(token * _shape.TopK, _shape.TopK), _experts.AsSpan(token * _shape.TopK, _shape.TopK));
            maxError = Math.Max(maxError, error);
            if (problem is not null) mismatch ??= $"token {token}: {problem}";
        }

        return new Verification(maxError, mismatch);
    }

    /// <summary>The largest error of a weight, and a mismatch or null. Tokens whose selection depends on a tie have no error.</summary>
    private static (double Error, string? Problem) Compare(ReferenceRoute expected, ReadOnlySpan<float> weights, ReadOnlySpan<int> experts)
    {
        const double Tie = 1e-6; // scores closer than this may swap in fp32
        const double Tolerance = 2e-6;
        for (var j = 0; j < experts.Length; j++)
        {
            if (experts[j] != expected.Experts[j]) return (0, expected.Margin < Tie ? null : $"experts[{j}] is {experts[j]}; expected {expected.Experts[j]}");
        }

        var maxError = 0.0;
        for (var j = 0; j < weights.Length; j++)
        {
            var error = Math.Abs(weights[j] - expected.Weights[j]);
            if (!(error <= Tolerance)) return (maxError, FormattableString.Invariant($"weights[{j}] is {weights[j]:G9}; expected {expected.Weights[j]:G9}"));
            maxError = Math.Max(maxError, error);
        }

        return (maxError, null);
    }

    private int FirstToken(int call, int tokens) => (int)((long)call * tokens % (_pool - tokens + 1));
}
