using KernelGen.Templates.Cpu;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>The template as it stands: ordinary C# with its default constants.</summary>
public unsafe class UnspecializedTemplateTests
{
    private static readonly (int, int, int, int) Shape = (8, 2, 128, 96);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(40)]
    [InlineData(150)]
    public void ComputesTheLayerInSinglePrecision(int tokens) =>
        new ExpertsCase<float>(Shape, tokens, new SeededRandom(tokens)).Check(&FusedMoe<float>.Run);

    [Theory]
    [InlineData(1)]
    [InlineData(33)]
    public void ComputesTheLayerWithHalfWeights(int tokens) =>
        new ExpertsCase<Half>(Shape, tokens, new SeededRandom(tokens)).Check(&FusedMoe<Half>.Run);

    [Theory]
    [InlineData(1)]
    [InlineData(33)]
    public void ComputesTheLayerWithBFloat16Weights(int tokens) =>
        new ExpertsCase<BFloat16>(Shape, tokens, new SeededRandom(tokens), leaveSlotsOut: true).Check(&FusedMoe<BFloat16>.Run);
}
