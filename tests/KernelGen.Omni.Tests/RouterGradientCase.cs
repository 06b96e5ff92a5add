using KernelGen.Compiler.Families;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Chosen experts of some tokens with gradients of their scores, and what becomes of these.</summary>
internal sealed class RouterGradientCase
{
    private const float Poison = -12345f;

    private readonly OmniRouterSpec _spec;
    private readonly int _tokens;
    private readonly int _gap;
    private readonly string _description;
    private readonly int[] _indices;
    private readonly float[] _gradScores;

    public RouterGradientCase(OmniRouterSpec spec, int tokens, SeededRandom random)
    {
        (_spec, _tokens, _gap) = (spec, tokens, random.Pick(0, 0, 1, 5));
        _description = $"{random.Description}: gradients of {spec.VariantName}, {tokens} tokens, rows {_gap} apart";
        var maxId = (spec.ExpertsPerAxis * spec.ExpertsPerAxis) - 1;
        _indices = Enumerable.Range(0, tokens * (spec.TopK + _gap)).Select(_ => random.Int(0, maxId)).ToArray(); // keys repeat within a token
        _gradScores = random.Normal(_indices.Length);
    }

    /// <summary>Runs the backward pass; every gradient must be the sum in the order of the ranks, and nothing beside it may change.</summary>
    public void Check(OmniRouteBackward backward, string name)
    {
        var (n, k, stride) = (_spec.ExpertsPerAxis, _spec.TopK, _spec.ExpertsPerAxis + _gap);
        var gradX = Enumerable.Repeat(Poison, _tokens * stride).ToArray();
        var gradY = (float[])gradX.Clone();
        backward(
            StridedRows.Of(_indices, 0, _tokens, k, k + _gap), StridedRows.Of(_gradScores, 0, _tokens, k, k + _gap),
            StridedRows.Of(gradX, 0, _tokens, n, stride), StridedRows.Of(gradY, 0, _tokens, n, stride));
        var (expectedX, expectedY) = (new float[gradX.Length], new float[gradY.Length]);
        for (var t = 0; t < _tokens; t++)
        {
            for (var slot = t * (k + _gap); slot < (t * (k + _gap)) + k; slot++)
            {
                expectedX[(t * stride) + (_indices[slot] / n)] += _gradScores[slot];
                expectedY[(t * stride) + (_indices[slot] % n)] += _gradScores[slot];
            }

            expectedX.AsSpan((t * stride) + n, _gap).Fill(Poison);
            expectedY.AsSpan((t * stride) + n, _gap).Fill(Poison);
        }

        for (var i = 0; i < gradX.Length; i++)
            Assert.True(gradX[i] == expectedX[i] && gradY[i] == expectedY[i], $"{_description} with {name}: token {i / stride}, key {i % stride}");
    }
}
