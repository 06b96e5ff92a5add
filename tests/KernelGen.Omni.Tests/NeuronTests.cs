using System.Numerics.Tensors;
using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>One-neuron experts, forward and backward, against double precision.</summary>
public unsafe class NeuronTests
{
    [Fact]
    public void EveryWidthComputesWhatTheFormulasSay()
    {
        var random = new SeededRandom();
        var experts = KernelAssembly.Compile(NeuronSpecs.Corners);
        foreach (var spec in NeuronSpecs.Corners)
        {
            foreach (var tokens in new[] { 0, 1, 2, 33 })
            {
                var inputs = new NeuronCase(spec, tokens, random);
                foreach (var bits in KernelRecipe.VectorWidths)
                {
                    var (run, runBackward) = (experts.Kernel(spec, bits), experts.Kernel(spec, bits, "RunBackward"));
                    inputs.CheckForward((hidden, up, down, weights, ids, output) =>
                        OmniExpertsCall.Create(hidden, up, down, weights, ids, output).Run((delegate*<in OmniExpertsArguments, void>)run));
                    inputs.CheckBackward((hidden, up, down, weights, ids, gradOutput, gradHidden, gradUp, gradDown, gradWeights) =>
                        new OmniExpertsBackwardCall(hidden, up, down, weights, ids, gradOutput, gradHidden, gradUp, gradDown, gradWeights).Run((delegate*<in OmniExpertsGradients, void>)runBackward));
                }
            }
        }
    }

    [Fact]
    public void TheTemplateComputesTheSameWithoutSpecialisation()
    {
        var spec = new OmniExpertsSpec(8, 5, 67, Specialize: false);
        var experts = KernelAssembly.Compile(spec);
        var inputs = new NeuronCase(spec, 9, new SeededRandom());
        inputs.CheckForward(experts.OmniForward);
        inputs.CheckBackward(experts.OmniBackward);
    }

    [Fact]
    public void GradientsHaveTheSameBitsOnAnyNumberOfThreads()
    {
        var spec = new OmniExpertsSpec(16, 8, 64);
        var experts = KernelAssembly.Compile(spec);
        var inputs = new NeuronCase(spec, 300, new SeededRandom());
        inputs.CheckForward(experts.OmniForward);
        inputs.CheckBackward(experts.OmniBackward);
        var (output, gradHidden, gradUp, gradDown, gradWeights) = (inputs.Output, inputs.GradHidden, inputs.GradUp, inputs.GradDown, inputs.GradWeights);
        var threads = CpuWorkers.MaxThreads;
        try
        {
            CpuWorkers.MaxThreads = 1;
            inputs.CheckForward(experts.OmniForward);
            inputs.CheckBackward(experts.OmniBackward);
        }
        finally
        {
            CpuWorkers.MaxThreads = threads;
        }

        Assert.Equal(output, inputs.Output);
        Assert.Equal(gradHidden, inputs.GradHidden);
        Assert.Equal(gradUp, inputs.GradUp);
        Assert.Equal(gradDown, inputs.GradDown);
        Assert.Equal(gradWeights, inputs.GradWeights);
    }

    [Theory]
    [InlineData("up", new[] { 2, 8 }, new[] { 10, 8 }, new[] { 9, 8 }, new[] { 2, 2 }, new[] { 2, 2 }, new[] { 2, 8 })]
    [InlineData("up", new[] { 2, 8 }, new[] { 9, 7 }, new[] { 9, 8 }, new[] { 2, 2 }, new[] { 2, 2 }, new[] { 2, 8 })]
    [InlineData("down", new[] { 2, 8 }, new[] { 9, 8 }, new[] { 8, 8 }, new[] { 2, 2 }, new[] { 2, 2 }, new[] { 2, 8 })]
    [InlineData("weights", new[] { 2, 8 }, new[] { 9, 8 }, new[] { 9, 8 }, new[] { 3, 2 }, new[] { 2, 2 }, new[] { 2, 8 })]
    [InlineData("experts", new[] { 2, 8 }, new[] { 9, 8 }, new[] { 9, 8 }, new[] { 2, 2 }, new[] { 2, 3 }, new[] { 2, 8 })]
    [InlineData("output", new[] { 2, 8 }, new[] { 9, 8 }, new[] { 9, 8 }, new[] { 2, 2 }, new[] { 2, 2 }, new[] { 2, 9 })]
    public void WrongShapesAreNamed(string argument, int[] hidden, int[] up, int[] down, int[] weights, int[] experts, int[] output)
    {
        var error = Assert.Throws<ArgumentException>(() => OmniExpertsCall.Create(
            Read(hidden), Read(up), Read(down), Read(weights), new ReadOnlyTensorSpan<int>(new int[100], Lengths(experts), []), new TensorSpan<float>(new float[100], Lengths(output), [])));
        Assert.Equal(argument, error.ParamName);

        static ReadOnlyTensorSpan<float> Read(int[] lengths) => new(new float[100], Lengths(lengths), []);
        static nint[] Lengths(int[] lengths) => Array.ConvertAll(lengths, length => (nint)length);
    }

    [Fact]
    public void AnIdThatIsNoExpertIsAnError()
    {
        var spec = new OmniExpertsSpec(3, 2, 8);
        var inputs = new NeuronCase(spec, 2, new SeededRandom());
        inputs.Experts[0] = 9;
        var experts = KernelAssembly.Compile(spec);
        Assert.Equal("experts", Assert.Throws<ArgumentOutOfRangeException>(() => inputs.CheckForward(experts.OmniForward)).ParamName);
        Assert.Equal("experts", Assert.Throws<ArgumentOutOfRangeException>(() => inputs.CheckBackward(experts.OmniBackward)).ParamName);
    }
}
