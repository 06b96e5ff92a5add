using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Logits of some tokens, their layout and that of the outputs in memory, and the reference's results.</summary>
internal sealed class GateCase
{
    private const int Guard = 16;
    private const float WeightPoison = -12345f;
    private const int ExpertPoison = -7;

    private readonly MoeGateSpec _spec;
    private readonly float[] _logits;
    private readonly float[] _bias;
    private readonly int[] _table;
    private readonly int[] _tokenIds;
    private readonly float _factor;
    private readonly int _tokens;
    private readonly int _gap;
    private readonly ReferenceRoute[] _expected;
    private readonly string _description;

    /// <param name="spec">The gate.</param>
    /// <param name="rows">The logits of every token, as yet without their gap.</param>
    /// <param name="bias">[E], or empty.</param>
    /// <param name="factor">Routed scaling factor.</param>
    /// <param name="gap">Unused elements between two rows.</param>
    /// <param name="description">What repeats the case.</param>
    /// <param name="expected">What each token's route must be; by default the reference decides.</param>
    /// <param name="tableRows">The experts of every token, where the gate has a table.</param>
    public GateCase(
        MoeGateSpec spec, float[][] rows, float[] bias, float factor, int gap, string description, ReferenceRoute[]? expected = null, int[][]? tableRows = null)
    {
        _spec = spec;
        (_bias, _factor, _gap, _tokens) = (bias, factor, gap, rows.Length);
        _description = $"{description}: {spec.VariantName}, {rows.Length} tokens, rows {gap} apart";
        _expected = expected ?? [.. rows.Select((row, t) => ReferenceGate.Route(spec.ToShape(), row, bias, factor, tableRows?[t]))];

        // What lies between the rows is NaN, which no kernel may use.
        var stride = spec.Experts + gap;
        _logits = new float[Math.Max((_tokens * stride) - gap, 0)];
        _logits.AsSpan().Fill(float.NaN);
        for (var t = 0; t < _tokens; t++) rows[t].CopyTo(_logits, t * stride);

        // The table's rows are in the reverse order of the tokens, and what lies between them is no expert.
        _table = new int[_tokens * (spec.TopK + gap)];
        _table.AsSpan().Fill(int.MinValue);
        _tokenIds = [.. Enumerable.Range(0, _tokens).Reverse()];
        for (var t = 0; t < _tokens; t++) tableRows?[t].CopyTo(_table, _tokenIds[t] * (spec.TopK + gap));
    }

    /// <summary>Routes with a kernel; ids must be the reference's, weights within 1e-6, and nothing beside them may change.</summary>
    public void Check(IGateRunner kernel, string kernelName)
    {
        var stride = _spec.TopK + _gap;
        var weights = new float[(_tokens * stride) + (2 * Guard)];
        var experts = new int[weights.Length];
        weights.AsSpan().Fill(WeightPoison);
        experts.AsSpan().Fill(ExpertPoison);
        Run(kernel, weights, experts, stride);

        for (var i = 0; i < weights.Length; i++)
        {
            var place = i - Guard;
            var (token, rank) = place < 0 ? (-1, 0) : (place / stride, place % stride);
            var where = $"{_description} with {kernelName}: token {token}, rank {rank}";
            if (token >= 0 && token < _tokens && rank < _spec.TopK)
            {
                var (expert, weight) = (_expected[token].Experts[rank], _expected[token].Weights[rank]);
                Assert.True(experts[i] == expert, $"{where}: expert {experts[i]}, expected {expert}");
                Assert.True(IsClose(weights[i], weight), $"{where}: weight {weights[i]:R}, expected {weight:R}");
            }
            else
            {
                Assert.True(experts[i] == ExpertPoison && weights[i] == WeightPoison, $"{where}: written outside the rows");
            }
        }
    }

    // Scores above 1, which only √softplus has, are compared relatively.
    private bool IsClose(float actual, double expected) =>
        actual == expected || Math.Abs(actual - expected) <= 1e-6 * Math.Max(Math.Max(1, Math.Abs(_factor)), Math.Abs(expected));

    private void Run(IGateRunner kernel, float[] weights, int[] experts, int stride)
    {
        switch (_spec.LogitsType)
        {
            case DType.Float16:
                kernel.Run(Buffers(Array.ConvertAll(_logits, logit => (Half)logit)));
                break;
            case DType.BFloat16:
                kernel.Run(Buffers(Array.ConvertAll(_logits, logit => (BFloat16)logit)));
                break;
            default:
                kernel.Run(Buffers(_logits));
                break;
        }

        GateBuffers<TLogit> Buffers<TLogit>(TLogit[] logits)
            where TLogit : unmanaged => new(_spec, _tokens, logits, _spec.Experts + _gap, _bias, _tokenIds, _table, weights, experts, Guard, stride, _factor);
    }
}
