using System.Numerics.Tensors;
using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Long calls that are cancelled while they run.</summary>
public sealed unsafe class CancellationTests
{
    private const int Tokens = 65_536;
    private static readonly (int Experts, int TopK, int Hidden, int Intermediate) Shape = (4, 2, 512, 2048); // seconds of work, so that a late cancellation is still in the middle

    [Theory]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(512)]
    public void ALongCallEndsSoonAndTheNextOneIsRight(int bits)
    {
        var spec = new FusedMoeSpec(Shape.Experts, Shape.TopK, Shape.Hidden, Shape.Intermediate, MoeActivation.SiluAndMul, DType.Float32);
        var kernel = (delegate*<in ExpertsArguments, void>)KernelAssembly.Compile(spec).Kernel(spec, bits);
        var (hidden, weights, experts, output) = Inputs();
        using var expertWeights = Weights();
        Cancelling.EndsWithin(TimeSpan.FromSeconds(2), output, float.NaN, cancellation => ExpertsCall.Create(
            new ReadOnlyTensorSpan<float>(hidden, [Tokens, Shape.Hidden]), expertWeights, new ReadOnlyTensorSpan<float>(weights, [Tokens, Shape.TopK]),
            new ReadOnlyTensorSpan<int>(experts, [Tokens, Shape.TopK]), new TensorSpan<float>(output, [Tokens, Shape.Hidden])).Run(kernel, cancellation: cancellation));
        new ExpertsCase<float>(Shape, 40, new SeededRandom(bits)).Check(kernel);
    }

    [Fact]
    public void TheEntryPointHandsTheTokenOn()
    {
        var spec = new FusedMoeSpec(Shape.Experts, Shape.TopK, Shape.Hidden, Shape.Intermediate, MoeActivation.SiluAndMul, DType.Float32);
        var forward = KernelAssembly.Compile(spec).Forward<float>();
        var (hidden, weights, experts, output) = Inputs();
        using var expertWeights = Weights();
        Cancelling.EndsWithin(TimeSpan.FromSeconds(2), output, float.NaN, Call);

        output.AsSpan().Fill(float.NaN);
        Assert.Throws<OperationCanceledException>(() => Call(new CancellationToken(canceled: true)));
        Assert.All(output[..1000], value => Assert.True(float.IsNaN(value)));

        void Call(CancellationToken cancellation) => forward(
            new ReadOnlyTensorSpan<float>(hidden, [Tokens, Shape.Hidden]), expertWeights, new ReadOnlyTensorSpan<float>(weights, [Tokens, Shape.TopK]),
            new ReadOnlyTensorSpan<int>(experts, [Tokens, Shape.TopK]), new TensorSpan<float>(output, [Tokens, Shape.Hidden]), cancellation: cancellation);
    }

    private static (float[] Hidden, float[] Weights, int[] Experts, float[] Output) Inputs()
    {
        var hidden = new float[Tokens * Shape.Hidden];
        return (hidden, new float[Tokens * Shape.TopK], [.. Enumerable.Range(0, Tokens * Shape.TopK).Select(slot => slot % Shape.Experts)], new float[hidden.Length]);
    }

    private static ExpertWeights<float> Weights()
    {
        var matrix = Shape.Experts * Shape.Hidden * Shape.Intermediate;
        return ExpertWeights<float>.FromFused(new float[2 * matrix], new float[matrix], Shape.Experts, Shape.Hidden, Shape.Intermediate);
    }
}
