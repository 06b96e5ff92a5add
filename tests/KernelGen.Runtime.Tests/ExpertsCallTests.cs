using System.Numerics.Tensors;
using KernelGen.Cpu;

namespace KernelGen.Tests;

public sealed class ExpertsCallTests
{
    private static readonly float[] Numbers = new float[4096];

    [Fact]
    public void TheShapesOfACallAreItsKey()
    {
        using var weights = Weights();
        var call = ExpertsCall.Create(Floats(5, 8), weights, Floats(5, 2), Ids(5, 2), Output(5, 8));
        Assert.Equal((3, 2, 8, 4, 5), (call.Experts, call.TopK, call.HiddenSize, call.IntermediateSize, call.Tokens));
    }

    [Fact]
    public void AWrongShapeNamesArgumentAndExpectation()
    {
        using var weights = Weights();
        AssertRejected("hidden", "hidden has shape [5, 7]; expected [T, H] = [T, 8]", () => ExpertsCall.Create(Floats(5, 7), weights, Floats(5, 2), Ids(5, 2), Output(5, 8)));
        AssertRejected("weights", "weights has shape [4, 2]; expected [T, k] = [5, k]", () => ExpertsCall.Create(Floats(5, 8), weights, Floats(4, 2), Ids(5, 2), Output(5, 8)));
        AssertRejected("experts", "experts has shape [5, 3]; expected [T, k] = [5, 2]", () => ExpertsCall.Create(Floats(5, 8), weights, Floats(5, 2), Ids(5, 3), Output(5, 8)));
        AssertRejected("output", "output has shape [6, 8]; expected [T, H] = [5, 8]", () => ExpertsCall.Create(Floats(5, 8), weights, Floats(5, 2), Ids(5, 2), Output(6, 8)));
        AssertRejected("hidden", "hidden has shape [40]; expected [T, H] = [T, 8]", () => ExpertsCall.Create(new ReadOnlyTensorSpan<float>(Numbers, [40]), weights, Floats(5, 2), Ids(5, 2), Output(5, 8)));
    }

    [Fact]
    public void RowsMustBeDense()
    {
        using var weights = Weights();
        AssertRejected("hidden", "hidden has column stride 2", () => ExpertsCall.Create(new ReadOnlyTensorSpan<float>(Numbers, [5, 8], [16, 2]), weights, Floats(5, 2), Ids(5, 2), Output(5, 8)));
    }

    [Fact]
    public void DisposedOrMissingWeightsAreRejected()
    {
        var weights = Weights();
        weights.Dispose();
        weights.Dispose();
        Assert.Throws<ObjectDisposedException>(() => { ExpertsCall.Create(Floats(5, 8), weights, Floats(5, 2), Ids(5, 2), Output(5, 8)); });
        Assert.Throws<ArgumentNullException>(() => { ExpertsCall.Create<float>(Floats(5, 8), null!, Floats(5, 2), Ids(5, 2), Output(5, 8)); });
    }

    [Fact]
    public void WeightsOfAWrongSizeNameTheShape()
    {
        var gateUp = Assert.Throws<ArgumentException>(() => ExpertWeights<float>.FromFused(new float[10], new float[96], 3, 8, 4));
        Assert.Contains("gateUp holds 10 elements; expected [E, 2I, H] = 192", gateUp.Message);
        var down = Assert.Throws<ArgumentException>(() => ExpertWeights<float>.FromFused(new float[192], new float[95], 3, 8, 4));
        Assert.Contains("down holds 95 elements; expected [E, H, I] = 96", down.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => ExpertWeights<float>.FromFused(default, default, 0, 8, 4));
        Assert.Throws<ArgumentException>(() => ExpertWeights<float>.FromPointers(8, 4, [1], [1], []));
        Assert.Throws<ArgumentException>(() => ExpertWeights<float>.FromPointers(8, 4, [1], [0], [1]));
    }

    private static ExpertWeights<float> Weights() => ExpertWeights<float>.FromFused(new float[192], new float[96], experts: 3, hiddenSize: 8, intermediateSize: 4);

    private static ReadOnlyTensorSpan<float> Floats(nint rows, nint columns) => new(Numbers, 0, [rows, columns], []);

    private static TensorSpan<float> Output(nint rows, nint columns) => new(Numbers, 0, [rows, columns], []);

    private static ReadOnlyTensorSpan<int> Ids(nint rows, nint columns) => new(new int[64], 0, [rows, columns], []);

    private static void AssertRejected(string argument, string message, CallCreation create)
    {
        var error = Assert.Throws<ArgumentException>(argument, () => { create(); });
        Assert.Contains(message, error.Message);
    }

    private delegate ExpertsCall CallCreation();
}
