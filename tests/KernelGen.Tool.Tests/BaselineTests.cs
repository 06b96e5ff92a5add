using KernelGen.Benchmarking;
using KernelGen.Cpu;

namespace KernelGen.Tool.Tests;

/// <summary>What kernels are compared with: the baseline computes a gate, and the checks notice one that does not.</summary>
public class BaselineTests
{
    public static TheoryData<GateShape> Shapes =>
    [
        new GateShape(8, 2, GateScoring.Softmax, false, 1, 1, true),
        new GateShape(60, 4, GateScoring.Softmax, false, 1, 1, false),
        new GateShape(384, 6, GateScoring.Sigmoid, true, 1, 1, true),
        new GateShape(256, 8, GateScoring.Sigmoid, true, 8, 4, true),
        new GateShape(160, 6, GateScoring.Softmax, false, 8, 3, false),
        new GateShape(8, 3, GateScoring.Sigmoid, true, 8, 4, true),
        new GateShape(256, 6, GateScoring.SqrtSoftplus, true, 1, 1, true),
    ];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ThePlainGateIsRight(GateShape shape)
    {
        var workload = new GateWorkload<float>(shape, maxTokens: 300);
        Assert.Null(workload.Verify(new PlainGate(shape).Route, 300).Mismatch);
    }

    [Theory]
    [InlineData(3, 9)]
    [InlineData(48, 7)]
    [InlineData(100, 128)]
    public void TheScanningRouterIsRight(int expertsPerAxis, int topK)
    {
        var workload = new OmniRouterWorkload(expertsPerAxis, topK, maxTokens: 100);
        Assert.Null(workload.Verify(ScanningRouter.Route, 100).Mismatch);
    }

    [Fact]
    public void ARouterWithAWrongExpertOrGradientIsNoticed()
    {
        var workload = new OmniRouterWorkload(16, 4, maxTokens: 8);
        OmniRoute swapped = (x, y, scores, indices, _) =>
        {
            ScanningRouter.Route(x, y, scores, indices, default);
            (indices[7, 0], indices[7, 1]) = (indices[7, 1], indices[7, 0]);
        };
        Assert.Contains("token 7: indices[0]", workload.Verify(swapped, 8).Mismatch);

        workload.PrepareBackward(ScanningRouter.Route);
        OmniRouteBackward nothing = (_, _, gradX, gradY, _) =>
        {
            gradX.Fill(0f);
            gradY.Fill(0f);
        };
        Assert.Contains("token 0: a gradient of key", workload.Verify(nothing, 8).Mismatch);
    }

    [Fact]
    public void AGateWithWrongExpertsOrWeightsIsNoticed()
    {
        var shape = new GateShape(32, 4, GateScoring.Softmax, false, 1, 1, true);
        var workload = new GateWorkload<float>(shape, maxTokens: 8);
        var right = new PlainGate(shape);
        GateRoute<float> scaled = (logits, bias, weights, experts, _, nonPadded, _) => right.Route(logits, bias, weights, experts, 1.001f, nonPadded, default);
        GateRoute<float> swapped = (logits, bias, weights, experts, scale, nonPadded, _) =>
        {
            right.Route(logits, bias, weights, experts, scale, nonPadded, default);
            (experts[7, 0], experts[7, 1]) = (experts[7, 1], experts[7, 0]);
        };
        Assert.Contains("weights[0]", workload.Verify(scaled, 8).Mismatch);
        Assert.Contains("token 7: experts[0]", workload.Verify(swapped, 8).Mismatch);
    }

    [Fact]
    public void ExpertsThatComputeNothingAreNoticed()
    {
        using var workload = new ExpertsWorkload<float>(4, 2, 16, 24, maxTokens: 3);
        Assert.Contains("output[0, 0]", workload.Verify((_, _, _, _, _, _, _) => { }, 3).Mismatch);
    }

    [Theory]
    [InlineData(1f, 1.0005f, 0)]
    [InlineData(1f, 1.01f, 1)]
    [InlineData(float.NaN, 1f, 1)]
    [InlineData(1f, float.NaN, 1)]
    [InlineData(float.NaN, float.NaN, 1)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity, 0)]
    [InlineData(float.PositiveInfinity, float.NegativeInfinity, 1)]
    [InlineData(1f, float.PositiveInfinity, 1)]
    [InlineData(0.00005f, 0f, 0)]
    public void ComparesWithinTolerance(float actual, float expected, int mismatches) =>
        Assert.Equal(mismatches, Comparison.Of([actual], [expected], columns: 1, rtol: 1e-3, atol: 1e-4).Mismatches);
}
