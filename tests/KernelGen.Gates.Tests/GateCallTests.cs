using System.Numerics.Tensors;
using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>A gate as its users call it: shapes, strides, threads, allocation.</summary>
public class GateCallTests
{
    private static readonly MoeGateSpec Spec = new(64, 4, GateScoring.Sigmoid, true, 1, 1, true);
    private static readonly Lazy<GateRoute<float>> Route = new(() => KernelAssembly.Compile(Spec).Route);

    [Fact]
    public void ManyTokensOnAllProcessorsRouteLikeEachAlone()
    {
        const int Tokens = 1501;
        var random = new SeededRandom();
        var (logits, bias) = (random.Normal(Tokens * Spec.Experts), random.Normal(Spec.Experts, 0.1f));
        var (weights, experts) = (new float[Tokens * Spec.TopK], new int[Tokens * Spec.TopK]);
        Call(logits, bias, weights, experts, Tokens);

        var (weight, expert) = (new float[Spec.TopK], new int[Spec.TopK]);
        for (var t = 0; t < Tokens; t++)
        {
            Call(logits[(t * Spec.Experts)..((t + 1) * Spec.Experts)], bias, weight, expert, 1);
            Assert.True(expert.AsSpan().SequenceEqual(experts.AsSpan(t * Spec.TopK, Spec.TopK)), $"{random.Description}: token {t}");
            Assert.True(weight.AsSpan().SequenceEqual(weights.AsSpan(t * Spec.TopK, Spec.TopK)), $"{random.Description}: token {t}");
        }
    }

    [Fact]
    public void RowsMayLieApart()
    {
        const int Tokens = 5;
        var random = new SeededRandom();
        var (logits, bias) = (random.Normal(Tokens * 100), random.Normal(Spec.Experts, 0.1f));
        var (weights, experts) = (new float[Tokens * 9], new int[Tokens * 7]);
        Route.Value(
            new ReadOnlyTensorSpan<float>(logits, [Tokens, Spec.Experts], [100, 1]),
            bias,
            new TensorSpan<float>(weights, [Tokens, Spec.TopK], [9, 1]),
            new TensorSpan<int>(experts, [Tokens, Spec.TopK], [7, 1]));
        for (var t = 0; t < Tokens; t++)
        {
            var expected = ReferenceGate.Route(Spec.ToShape(), logits[(t * 100)..((t * 100) + Spec.Experts)], bias, 1f);
            Assert.Equal(expected.Experts, experts[(t * 7)..((t * 7) + Spec.TopK)]);
            for (var rank = 0; rank < Spec.TopK; rank++) Assert.Equal(expected.Weights[rank], weights[(t * 9) + rank], 1e-6);
        }
    }

    [Theory]
    [InlineData(8, 2)]
    [InlineData(64, 6)]
    [InlineData(384, 8)]
    public void TheBitsDoNotDependOnTheNumberOfThreads(int experts, int topK)
    {
        const int Tokens = 1501;
        var random = new SeededRandom(experts);
        var route = KernelAssembly.Compile(new MoeGateSpec(experts, topK, GateScoring.Softmax, false, 1, 1, true)).Route;
        var logits = random.Normal(Tokens * experts);
        var (weights, ids) = Run();
        var threads = CpuWorkers.MaxThreads;
        CpuWorkers.MaxThreads = 1;
        try
        {
            var (aloneWeights, aloneIds) = Run();
            Assert.True(ids.AsSpan().SequenceEqual(aloneIds) && weights.AsSpan().SequenceEqual(aloneWeights), random.Description);
        }
        finally
        {
            CpuWorkers.MaxThreads = threads;
        }

        (float[] Weights, int[] Experts) Run()
        {
            var (w, e) = (new float[Tokens * topK], new int[Tokens * topK]);
            route(new ReadOnlyTensorSpan<float>(logits, [Tokens, experts]), [], new TensorSpan<float>(w, [Tokens, topK]), new TensorSpan<int>(e, [Tokens, topK]));
            return (w, e);
        }
    }

    [Fact]
    public void ALongCallEndsSoonWhenItIsCancelled()
    {
        const int Tokens = 8_000_000;
        var (logits, bias) = (new float[Spec.Experts], new float[Spec.Experts]); // every row is the same memory
        var (weights, experts) = (new float[Tokens * Spec.TopK], new int[Tokens * Spec.TopK]);
        Cancelling.EndsWithin(TimeSpan.FromSeconds(1), experts, -7, cancellation => Route.Value(
            new ReadOnlyTensorSpan<float>(logits, [Tokens, Spec.Experts], [0, 1]), bias,
            new TensorSpan<float>(weights, [Tokens, Spec.TopK]), new TensorSpan<int>(experts, [Tokens, Spec.TopK]), cancellation: cancellation));
        ManyTokensOnAllProcessorsRouteLikeEachAlone();
    }

    [Fact]
    public void NoTokensAreLegal() => Call([], new float[Spec.Experts], [], [], 0);

    [Theory]
    [InlineData(1, 20_000)]
    [InlineData(1501, 100)]
    public void RepeatedCallsAllocateNothing(int tokens, int calls)
    {
        var (logits, bias) = (new float[tokens * Spec.Experts], new float[Spec.Experts]);
        var (weights, experts) = (new float[tokens * Spec.TopK], new int[tokens * Spec.TopK]);
        nint[] rows = [tokens, Spec.Experts], columns = [tokens, Spec.TopK];
        Repeat(20);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Repeat(calls);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Repeat(int times)
        {
            for (var i = 0; i < times; i++)
                Route.Value(new ReadOnlyTensorSpan<float>(logits, rows, []), bias, new TensorSpan<float>(weights, columns, []), new TensorSpan<int>(experts, columns, []));
        }
    }

    [Theory]
    [InlineData("logits", new[] { 4, 1, 64 }, new[] { 4, 4 }, new[] { 4, 4 }, 64)]
    [InlineData("weights", new[] { 4, 64 }, new[] { 3, 4 }, new[] { 4, 4 }, 64)]
    [InlineData("experts", new[] { 4, 64 }, new[] { 4, 4 }, new[] { 3, 4 }, 64)]
    [InlineData("experts", new[] { 4, 64 }, new[] { 4, 4 }, new[] { 4, 5 }, 64)]
    [InlineData("correctionBias", new[] { 4, 64 }, new[] { 4, 4 }, new[] { 4, 4 }, 63)]
    public void WrongShapesAreNamed(string argument, int[] logits, int[] weights, int[] experts, int bias)
    {
        var error = Assert.Throws<ArgumentException>(() => Route.Value(
            new ReadOnlyTensorSpan<float>(new float[1024], Lengths(logits), []),
            new float[bias],
            new TensorSpan<float>(new float[1024], Lengths(weights), []),
            new TensorSpan<int>(new int[1024], Lengths(experts), [])));
        Assert.Equal(argument, error.ParamName);
        Assert.Contains("[", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ColumnsThatLieApartAreAnError()
    {
        var error = Assert.Throws<ArgumentException>(() => Route.Value(
            new ReadOnlyTensorSpan<float>(new float[1024], [4, 64], [128, 2]),
            new float[64],
            new TensorSpan<float>(new float[16], [4, 4], []),
            new TensorSpan<int>(new int[16], [4, 4], [])));
        Assert.Equal("logits", error.ParamName);
    }

    [Fact]
    public void OutputRowsThatShareMemoryAreAnError()
    {
        var error = Assert.Throws<ArgumentException>(() => Route.Value(
            new ReadOnlyTensorSpan<float>(new float[256], [4, 64], [0, 1]),
            new float[64],
            new TensorSpan<float>(new float[16], [4, 4], []),
            new TensorSpan<int>(new int[16], [4, 4], [0, 1])));
        Assert.Equal("experts", error.ParamName);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void AFactorThatIsNoNumberIsAnError(float factor)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Call(new float[64], new float[64], new float[4], new int[4], 1, factor));
        Assert.Equal("routedScalingFactor", error.ParamName);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(700)]
    [InlineData(1501)]
    public void PaddedTokensHaveNoExpert(int nonPadded)
    {
        const int Tokens = 1501;
        var random = new SeededRandom();
        var (logits, bias) = (random.Normal(Tokens * Spec.Experts), random.Normal(Spec.Experts, 0.1f));
        var (allWeights, allExperts) = (new float[Tokens * Spec.TopK], new int[Tokens * Spec.TopK]);
        Call(logits, bias, allWeights, allExperts, Tokens);

        logits.AsSpan(nonPadded * Spec.Experts).Fill(float.NaN);
        var (weights, experts) = (Enumerable.Repeat(7f, Tokens * 9).ToArray(), Enumerable.Repeat(7, Tokens * 5).ToArray());
        Route.Value(
            new ReadOnlyTensorSpan<float>(logits, [Tokens, Spec.Experts], []),
            bias,
            new TensorSpan<float>(weights, [Tokens, Spec.TopK], [9, 1]),
            new TensorSpan<int>(experts, [Tokens, Spec.TopK], [5, 1]),
            nonPaddedTokens: nonPadded);
        for (var t = 0; t < Tokens; t++)
        {
            var routed = t < nonPadded;
            Assert.Equal(routed ? allWeights[(t * Spec.TopK)..((t + 1) * Spec.TopK)] : new float[Spec.TopK], weights[(t * 9)..((t * 9) + Spec.TopK)]);
            Assert.Equal(routed ? allExperts[(t * Spec.TopK)..((t + 1) * Spec.TopK)] : [-1, -1, -1, -1], experts[(t * 5)..((t * 5) + Spec.TopK)]);
            Assert.All(weights[((t * 9) + Spec.TopK)..((t + 1) * 9)], between => Assert.Equal(7f, between));
            Assert.Equal(7, experts[(t * 5) + Spec.TopK]);
        }
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(3)]
    public void MoreTokensThanThereAreCannotBeRouted(int nonPadded)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Route.Value(
            new ReadOnlyTensorSpan<float>(new float[128], [2, 64]), new float[64], new TensorSpan<float>(new float[8], [2, 4]), new TensorSpan<int>(new int[8], [2, 4]),
            nonPaddedTokens: nonPadded));
        Assert.Equal("nonPaddedTokens", error.ParamName);
    }

    [Fact]
    public void EveryTypeOfLogitsHasItsOverload()
    {
        const int Tokens = 1000;
        MoeGateSpec[] specs = [Spec, Spec with { LogitsType = DType.Float16 }, Spec with { LogitsType = DType.BFloat16, SharedExperts = 1 }];
        var gates = KernelAssembly.Compile(specs);
        var random = new SeededRandom();
        var (singles, bias) = (random.Normal(Tokens * Spec.Experts), random.Normal(Spec.Experts, 0.1f));
        Check(gates.RouteOf<float>(), specs[0], singles, logit => logit);
        Check(gates.RouteOf<Half>(), specs[1], Array.ConvertAll(singles, logit => (Half)logit), logit => (float)logit);
        Check(gates.RouteOf<BFloat16>(), specs[2], Array.ConvertAll(singles, logit => (BFloat16)logit), logit => logit);

        void Check<TLogit>(GateRoute<TLogit> route, MoeGateSpec spec, TLogit[] logits, Converter<TLogit, float> widen)
            where TLogit : unmanaged
        {
            var (weights, experts) = (new float[Tokens * spec.TopK], new int[Tokens * spec.TopK]);
            route(new ReadOnlyTensorSpan<TLogit>(logits, [Tokens, spec.Experts]), bias, new TensorSpan<float>(weights, [Tokens, spec.TopK]), new TensorSpan<int>(experts, [Tokens, spec.TopK]), 2f);
            for (var t = 0; t < Tokens; t++)
            {
                var row = Array.ConvertAll(logits[(t * spec.Experts)..((t + 1) * spec.Experts)], widen);
                var expected = ReferenceGate.Route(spec.ToShape(), row, bias, 2f);
                if (expected.Margin < 2e-6) continue; // single precision may order them otherwise
                Assert.True(expected.Experts.AsSpan().SequenceEqual(experts.AsSpan(t * spec.TopK, spec.TopK)), $"{random.Description}: {spec.VariantName}, token {t}");
                for (var rank = 0; rank < spec.TopK; rank++) Assert.Equal(expected.Weights[rank], weights[(t * spec.TopK) + rank], 2e-6);
            }
        }
    }

    private static void Call(float[] logits, float[] bias, float[] weights, int[] experts, int tokens, float factor = 1f) => Route.Value(
        new ReadOnlyTensorSpan<float>(logits, [tokens, Spec.Experts], []),
        bias,
        new TensorSpan<float>(weights, [tokens, Spec.TopK], []),
        new TensorSpan<int>(experts, [tokens, Spec.TopK], []),
        factor);

    private static nint[] Lengths(int[] lengths) => Array.ConvertAll(lengths, length => (nint)length);
}
