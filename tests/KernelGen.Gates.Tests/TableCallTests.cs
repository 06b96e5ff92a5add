using System.Numerics.Tensors;
using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>A gate with a hash table as its users call it.</summary>
public class TableCallTests
{
    private const int Vocabulary = 11;

    private static readonly MoeGateSpec Spec = new(64, 3, GateScoring.SqrtSoftplus, false, 1, 1, true) { HashTable = true };
    private static readonly Lazy<GateRouteByTable<float>> Route = new(() => KernelAssembly.Compile(Spec).RouteByTable<float>());

    [Fact]
    public void TokensGetTheExpertsOfTheirRow()
    {
        const int Tokens = 1500;
        const int NonPadded = 1400;
        var random = new SeededRandom();
        var logits = random.Normal(Tokens * Spec.Experts, 3f);
        int[] table = [.. Enumerable.Range(0, Vocabulary * 5).Select(_ => random.Int(0, Spec.Experts - 1))];
        int[] tokenIds = [.. Enumerable.Range(0, Tokens).Select(t => t < NonPadded ? random.Int(0, Vocabulary - 1) : -1)]; // a padded token's id does not count
        var (weights, experts) = (new float[Tokens * Spec.TopK], new int[Tokens * Spec.TopK]);
        Route.Value(
            new ReadOnlyTensorSpan<float>(logits, [Tokens, Spec.Experts]),
            tokenIds,
            new ReadOnlyTensorSpan<int>(table, [Vocabulary, Spec.TopK], [5, 1]),
            new TensorSpan<float>(weights, [Tokens, Spec.TopK]),
            new TensorSpan<int>(experts, [Tokens, Spec.TopK]),
            1.5f,
            NonPadded);
        for (var t = 0; t < Tokens; t++)
        {
            var (weight, expert) = (weights[(t * Spec.TopK)..((t + 1) * Spec.TopK)], experts[(t * Spec.TopK)..((t + 1) * Spec.TopK)]);
            if (t >= NonPadded)
            {
                Assert.Equal([-1, -1, -1], expert);
                Assert.Equal([0f, 0f, 0f], weight);
                continue;
            }

            var row = table[(tokenIds[t] * 5)..((tokenIds[t] * 5) + Spec.TopK)];
            var expected = ReferenceGate.Route(Spec.ToShape(), logits[(t * Spec.Experts)..((t + 1) * Spec.Experts)], [], 1.5f, row);
            Assert.Equal(row, expert);
            for (var rank = 0; rank < Spec.TopK; rank++) Assert.Equal(expected.Weights[rank], weight[rank], 1.5e-6);
        }
    }

    [Theory]
    [InlineData(-1, 5, "tokenIds", "tokenIds[1] is -1")]
    [InlineData(Vocabulary, 5, "tokenIds", "tokenIds[1] is 11")]
    [InlineData(4, 64, "table", "table[4, 2] is 64")]
    [InlineData(4, -1, "table", "table[4, 2] is -1")]
    public void WhatDoesNotExistIsNamed(int tokenId, int expert, string argument, string message)
    {
        var table = new int[Vocabulary * Spec.TopK];
        table[(4 * Spec.TopK) + 2] = expert;
        int[] experts = [9, 9, 9, 9, 9, 9];
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Call([3, tokenId], table, [Vocabulary, Spec.TopK], experts));
        Assert.Equal(argument, error.ParamName);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.All(experts, untouched => Assert.Equal(9, untouched));
    }

    [Fact]
    public void RowsOfTheTableThatNoTokenHasDoNotCount() =>
        Call([0, 0], [1, 2, 3, 99, -4, 7], [2, Spec.TopK], new int[6]);

    [Fact]
    public void WrongShapesAreNamed()
    {
        var tooFewIds = Assert.Throws<ArgumentException>(() => Call([0], new int[6], [2, Spec.TopK], new int[6]));
        Assert.Equal("tokenIds", tooFewIds.ParamName);
        Assert.Contains("[T] = [2]", tooFewIds.Message, StringComparison.Ordinal);
        var wrongTable = Assert.Throws<ArgumentException>(() => Call([0, 0], new int[8], [2, 4], new int[6]));
        Assert.Equal("table", wrongTable.ParamName);
        Assert.Contains("[vocabulary, k]", wrongTable.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherShapesHaveNoVariant()
    {
        var error = Assert.Throws<KernelVariantNotFoundException>(() => Route.Value(
            new ReadOnlyTensorSpan<float>(new float[8], [1, 8]), [0], new ReadOnlyTensorSpan<int>(new int[2], [1, 2]), new TensorSpan<float>(new float[2], [1, 2]), new TensorSpan<int>(new int[2], [1, 2])));
        Assert.Equal("[MoeGate(Experts = 8, TopK = 2, HashTable = true)]", error.MissingDeclaration);
    }

    private static void Call(int[] tokenIds, int[] table, nint[] tableShape, int[] experts) => Route.Value(
        new ReadOnlyTensorSpan<float>(new float[2 * Spec.Experts], [2, Spec.Experts]),
        tokenIds,
        new ReadOnlyTensorSpan<int>(table, tableShape),
        new TensorSpan<float>(new float[2 * Spec.TopK], [2, Spec.TopK]),
        new TensorSpan<int>(experts, [2, Spec.TopK]));
}
