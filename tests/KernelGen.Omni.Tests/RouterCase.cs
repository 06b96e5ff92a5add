using KernelGen.Compiler.Families;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Logits of some tokens, their layout and that of the outputs in memory, and the reference's results.</summary>
internal sealed class RouterCase
{
    private const int Guard = 16;
    private const float ScorePoison = -12345f;
    private const int IdPoison = -7;

    private readonly OmniRouterSpec _spec;
    private readonly int _tokens;
    private readonly int _gap;
    private readonly string _description;
    private readonly float[] _x;
    private readonly float[] _y;
    private readonly (int[] Indices, float[] Scores)[] _expected;

    public RouterCase(OmniRouterSpec spec, int tokens, SeededRandom random)
    {
        (_spec, _tokens, _gap) = (spec, tokens, random.Pick(0, 0, 1, 5));
        _description = $"{random.Description}: {spec.VariantName}, {tokens} tokens, rows {_gap} apart";
        _x = Poisoned(float.NaN, tokens * (spec.ExpertsPerAxis + _gap));
        _y = Poisoned(float.NaN, _x.Length);
        _expected = new (int[], float[])[tokens];
        for (var t = 0; t < tokens; t++)
        {
            var (x, y) = (RouterInputs.Axis(random, spec.ExpertsPerAxis), RouterInputs.Axis(random, spec.ExpertsPerAxis));
            x.CopyTo(_x, t * (spec.ExpertsPerAxis + _gap));
            y.CopyTo(_y, t * (spec.ExpertsPerAxis + _gap));
            _expected[t] = ReferenceRouter.Route(x, y, spec.TopK);
        }
    }

    /// <summary>Routes; all must be exactly the reference's, and nothing beside it may change.</summary>
    public void Check(OmniRoute route, string routeName)
    {
        var (n, stride) = (_spec.ExpertsPerAxis, _spec.TopK + _gap);
        var scores = Poisoned(ScorePoison, (_tokens * stride) + (2 * Guard));
        var indices = Poisoned(IdPoison, scores.Length);
        route(
            StridedRows.Of(_x, 0, _tokens, n, n + _gap), StridedRows.Of(_y, 0, _tokens, n, n + _gap),
            StridedRows.Of(scores, Guard, _tokens, _spec.TopK, stride), StridedRows.Of(indices, Guard, _tokens, _spec.TopK, stride));

        for (var i = 0; i < scores.Length; i++)
        {
            var place = i - Guard;
            var (token, rank) = place < 0 ? (-1, 0) : (place / stride, place % stride);
            var where = $"{_description} with {routeName}: token {token}, rank {rank}";
            if (token >= 0 && token < _tokens && rank < _spec.TopK)
            {
                var (index, score) = (_expected[token].Indices[rank], _expected[token].Scores[rank]);
                Assert.True(indices[i] == index, $"{where}: id {indices[i]}, expected {index}; score {scores[i]:R}, expected {score:R}");
                Assert.True(scores[i] == score || (float.IsNaN(score) && float.IsNaN(scores[i])), $"{where}: score {scores[i]:R}, expected {score:R}");
            }
            else
            {
                Assert.True(indices[i] == IdPoison && scores[i] == ScorePoison, $"{where}: written outside the rows");
            }
        }
    }

    private static T[] Poisoned<T>(T poison, int count)
    {
        var values = new T[count];
        values.AsSpan().Fill(poison);
        return values;
    }
}
