using System.Numerics.Tensors;
using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>A router and its backward pass as users call them: threads, strides, gradients, allocation, mistakes.</summary>
public class RouterCallTests
{
    private const int N = 48;
    private const int K = 7;

    private static readonly Lazy<KernelAssembly> Router = new(() => KernelAssembly.Compile(new OmniRouterSpec(N, K)));

    [Fact]
    public void ManyTokensOnAllProcessorsRouteLikeTheDefinition()
    {
        const int Tokens = 1501;
        var random = new SeededRandom();
        var (x, y) = (random.Normal(Tokens * N), random.Normal(Tokens * N));
        var (scores, indices) = (new float[Tokens * K], new int[Tokens * K]);
        Route(x, y, scores, indices, Tokens);
        for (var t = 0; t < Tokens; t++)
        {
            var expected = ReferenceRouter.Route(x[(t * N)..((t + 1) * N)], y[(t * N)..((t + 1) * N)], K);
            Assert.True(expected.Indices.AsSpan().SequenceEqual(indices.AsSpan(t * K, K)), $"{random.Description}: token {t}");
            Assert.True(expected.Scores.AsSpan().SequenceEqual(scores.AsSpan(t * K, K)), $"{random.Description}: token {t}");
        }
    }

    [Fact]
    public void OneThreadRoutesLikeTheDefinition()
    {
        var threads = CpuWorkers.MaxThreads;
        CpuWorkers.MaxThreads = 1;
        try
        {
            ManyTokensOnAllProcessorsRouteLikeTheDefinition(); // to the bit: a score is one sum
        }
        finally
        {
            CpuWorkers.MaxThreads = threads;
        }
    }

    [Fact]
    public void LongCallsEndSoonWhenTheyAreCancelled()
    {
        const int Tokens = 2_000_000;
        var (logits, scores, indices) = (new float[N], new float[Tokens * K], new int[Tokens * K]);
        Cancelling.EndsWithin(TimeSpan.FromSeconds(1), indices, -7, cancellation => Router.Value.OmniRoute(
            new ReadOnlyTensorSpan<float>(logits, [Tokens, N], [0, 1]), new ReadOnlyTensorSpan<float>(logits, [Tokens, N], [0, 1]),
            new TensorSpan<float>(scores, [Tokens, K]), new TensorSpan<int>(indices, [Tokens, K]), cancellation));
        ManyTokensOnAllProcessorsRouteLikeTheDefinition();

        var stopped = new CancellationToken(canceled: true);
        Assert.Throws<OperationCanceledException>(() => Router.Value.OmniRouteBackward(
            new ReadOnlyTensorSpan<int>(indices, [1, K]), new ReadOnlyTensorSpan<float>(scores, [1, K]), new TensorSpan<float>(new float[N], [1, N]), new TensorSpan<float>(new float[N], [1, N]), stopped));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(33, 5)]
    [InlineData(1501, 1)]
    public void GradientsGoToBothKeysAndNowhereElse(int tokens, int gap)
    {
        var random = new SeededRandom(tokens);
        var stride = N + gap;
        nint[] strides = gap == 0 ? [] : [stride, 1];
        var indices = Enumerable.Range(0, tokens * K).Select(_ => random.Int(0, (N * N) - 1)).ToArray(); // keys repeat within a token
        var gradScores = random.Normal(tokens * K);
        var (gradX, gradY) = (Enumerable.Repeat(-12345f, tokens * stride).ToArray(), Enumerable.Repeat(-12345f, tokens * stride).ToArray());
        Router.Value.OmniRouteBackward(
            new ReadOnlyTensorSpan<int>(indices, [tokens, K], []), new ReadOnlyTensorSpan<float>(gradScores, [tokens, K], []),
            new TensorSpan<float>(gradX, [tokens, N], strides), new TensorSpan<float>(gradY, [tokens, N], strides));
        for (var t = 0; t < tokens; t++)
        {
            var expected = ReferenceRouter.Backward(N, indices[(t * K)..((t + 1) * K)], gradScores[(t * K)..((t + 1) * K)]);
            for (var i = 0; i < stride; i++)
            {
                var where = $"{random.Description}: token {t}, key {i}";
                Assert.True(Math.Abs(gradX[(t * stride) + i] - (i < N ? expected.X[i] : -12345)) <= 1e-5, where);
                Assert.True(Math.Abs(gradY[(t * stride) + i] - (i < N ? expected.Y[i] : -12345)) <= 1e-5, where);
            }
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(N * N)]
    [InlineData(int.MaxValue)]
    public void AnIdThatIsNoExpertIsAnErrorBeforeAnythingIsWritten(int id)
    {
        var (gradX, gradY) = (new float[2 * N], new float[2 * N]);
        gradX.AsSpan().Fill(3);
        var indices = new int[2 * K];
        indices[^1] = id;
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Router.Value.OmniRouteBackward(
            new ReadOnlyTensorSpan<int>(indices, [2, K], []), new ReadOnlyTensorSpan<float>(new float[2 * K], [2, K], []),
            new TensorSpan<float>(gradX, [2, N], []), new TensorSpan<float>(gradY, [2, N], [])));
        Assert.Equal("indices", error.ParamName);
        Assert.Contains($"indices[1, {K - 1}] is {id}", error.Message, StringComparison.Ordinal);
        Assert.All(gradX, value => Assert.Equal(3, value));
    }

    [Theory]
    [InlineData(1, 20_000)]
    [InlineData(1501, 50)]
    public void RepeatedCallsAllocateNothing(int tokens, int calls)
    {
        var (x, y, gradX) = (new float[tokens * N], new float[tokens * N], new float[tokens * N]);
        var (scores, indices) = (new float[tokens * K], new int[tokens * K]);
        var (route, backward) = (Router.Value.OmniRoute, Router.Value.OmniRouteBackward);
        nint[] rows = [tokens, N], columns = [tokens, K];
        Repeat(20);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Repeat(calls);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Repeat(int times)
        {
            for (var i = 0; i < times; i++)
            {
                route(new ReadOnlyTensorSpan<float>(x, rows, []), new ReadOnlyTensorSpan<float>(y, rows, []), new TensorSpan<float>(scores, columns, []), new TensorSpan<int>(indices, columns, []));
                backward(new ReadOnlyTensorSpan<int>(indices, columns, []), new ReadOnlyTensorSpan<float>(scores, columns, []), new TensorSpan<float>(gradX, rows, []), new TensorSpan<float>(y, rows, []));
            }
        }
    }

    [Theory]
    [InlineData("x", new[] { 4, 1, N }, new[] { 4, N }, new[] { 4, K }, new[] { 4, K })]
    [InlineData("y", new[] { 4, N }, new[] { 3, N }, new[] { 4, K }, new[] { 4, K })]
    [InlineData("y", new[] { 4, N }, new[] { 4, N + 1 }, new[] { 4, K }, new[] { 4, K })]
    [InlineData("scores", new[] { 4, N }, new[] { 4, N }, new[] { 3, K }, new[] { 4, K })]
    [InlineData("indices", new[] { 4, N }, new[] { 4, N }, new[] { 4, K }, new[] { 4, K + 1 })]
    public void WrongShapesAreNamed(string argument, int[] x, int[] y, int[] scores, int[] indices)
    {
        var error = Assert.Throws<ArgumentException>(() => Router.Value.OmniRoute(
            new ReadOnlyTensorSpan<float>(new float[1024], Lengths(x), []), new ReadOnlyTensorSpan<float>(new float[1024], Lengths(y), []),
            new TensorSpan<float>(new float[1024], Lengths(scores), []), new TensorSpan<int>(new int[1024], Lengths(indices), [])));
        Assert.Equal(argument, error.ParamName);
        Assert.Contains("[", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gradScores", new[] { 4, K }, new[] { 3, K }, new[] { 4, N }, new[] { 4, N })]
    [InlineData("gradX", new[] { 4, K }, new[] { 4, K }, new[] { 3, N }, new[] { 4, N })]
    [InlineData("gradY", new[] { 4, K }, new[] { 4, K }, new[] { 4, N }, new[] { 4, N + 1 })]
    public void WrongShapesOfGradientsAreNamed(string argument, int[] indices, int[] gradScores, int[] gradX, int[] gradY)
    {
        var error = Assert.Throws<ArgumentException>(() => Router.Value.OmniRouteBackward(
            new ReadOnlyTensorSpan<int>(new int[1024], Lengths(indices), []), new ReadOnlyTensorSpan<float>(new float[1024], Lengths(gradScores), []),
            new TensorSpan<float>(new float[1024], Lengths(gradX), []), new TensorSpan<float>(new float[1024], Lengths(gradY), [])));
        Assert.Equal(argument, error.ParamName);
    }

    [Fact]
    public void ShapesThatWereNotDeclaredNameTheAttribute()
    {
        var error = Assert.Throws<KernelVariantNotFoundException>(() => Router.Value.OmniRoute(
            new ReadOnlyTensorSpan<float>(new float[N], [1, N], []), new ReadOnlyTensorSpan<float>(new float[N], [1, N], []),
            new TensorSpan<float>(new float[K + 1], [1, K + 1], []), new TensorSpan<int>(new int[K + 1], [1, K + 1], [])));
        Assert.Equal($"[OmniRouter(ExpertsPerAxis = {N}, TopK = {K + 1})]", error.MissingDeclaration);
    }

    private static void Route(float[] x, float[] y, float[] scores, int[] indices, int tokens) => Router.Value.OmniRoute(
        new ReadOnlyTensorSpan<float>(x, [tokens, N], []), new ReadOnlyTensorSpan<float>(y, [tokens, N], []),
        new TensorSpan<float>(scores, [tokens, K], []), new TensorSpan<int>(indices, [tokens, K], []));

    private static nint[] Lengths(int[] lengths) => Array.ConvertAll(lengths, length => (nint)length);
}
