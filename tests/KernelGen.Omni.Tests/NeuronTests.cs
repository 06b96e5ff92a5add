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
                foreach (var bits in CpuRecipe.VectorWidths)
                {
                    var (run, runBackward) = (experts.Kernel(spec, bits), experts.Kernel(spec, bits, "RunBackward"));
                    inputs.CheckForward((hidden, up, down, weights, ids, output, _) =>
                        OmniExpertsCall.Create(hidden, up, down, weights, ids, output).Run((delegate*<in OmniExpertsArguments, void>)run));
                    inputs.CheckBackward((hidden, up, down, weights, ids, gradOutput, gradHidden, gradUp, gradDown, gradWeights, _) =>
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

    [Fact]
    public void RepeatedCallsAllocateNothing()
    {
        const int Tokens = 2, Experts = 9, K = 2, H = 8;
        var kernels = KernelAssembly.Compile(new OmniExpertsSpec(3, K, H));
        var (forward, backward) = (kernels.OmniForward, kernels.OmniBackward);
        var (states, output, weights, gradWeights, ids) = (new float[Tokens * H], new float[Tokens * H], new float[Tokens * K], new float[Tokens * K], new int[Tokens * K]);
        var (matrix, gradUp, gradDown) = (new float[Experts * H], new float[Experts * H], new float[Experts * H]);
        nint[] rows = [Tokens, H], experts = [Experts, H], slots = [Tokens, K];
        Repeat(20);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Repeat(20_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Repeat(int times)
        {
            for (var i = 0; i < times; i++)
            {
                TensorSpan<float> routing = new(weights, slots, []);
                ReadOnlyTensorSpan<int> chosen = new(ids, slots, []);
                TensorSpan<float> hidden = new(states, rows, []), result = new(output, rows, []), all = new(matrix, experts, []);
                forward(hidden, all, all, routing, chosen, result);
                backward(hidden, all, all, routing, chosen, hidden, result, new(gradUp, experts, []), new(gradDown, experts, []), new(gradWeights, slots, []));
            }
        }
    }

    [Fact]
    public void LongCallsEndSoonWhenTheyAreCancelled()
    {
        const int Tokens = 65_536, Experts = 16 * 16, K = 16, H = 512;
        var spec = new OmniExpertsSpec(16, K, H);
        var kernels = KernelAssembly.Compile(spec);
        var (matrix, weights, ids) = (new float[Experts * H], new float[Tokens * K], new int[Tokens * K]);
        var (output, gradWeights) = (new float[Tokens * H], new float[Tokens * K]);
        for (var slot = 0; slot < ids.Length; slot++) ids[slot] = slot % Experts;

        Cancelling.EndsWithin(TimeSpan.FromSeconds(1), output, float.NaN, cancellation => kernels.OmniForward(
            Hidden(), Rows(), Rows(), Weights(), Ids(), new TensorSpan<float>(output, [Tokens, H]), cancellation));
        Cancelling.EndsWithin(TimeSpan.FromSeconds(1), gradWeights, float.NaN, cancellation => kernels.OmniBackward(
            Hidden(), Rows(), Rows(), Weights(), Ids(), Hidden(), new TensorSpan<float>(output, [Tokens, H]), new TensorSpan<float>(new float[Experts * H], [Experts, H]),
            new TensorSpan<float>(new float[Experts * H], [Experts, H]), new TensorSpan<float>(gradWeights, [Tokens, K]), cancellation));

        var next = new NeuronCase(spec, 40, new SeededRandom());
        next.CheckForward(kernels.OmniForward);
        next.CheckBackward(kernels.OmniBackward);

        ReadOnlyTensorSpan<float> Hidden() => new(matrix, [Tokens, H], [0, 1]); // every token is the same memory
        ReadOnlyTensorSpan<float> Rows() => new(matrix, [Experts, H]);
        ReadOnlyTensorSpan<float> Weights() => new(weights, [Tokens, K]);
        ReadOnlyTensorSpan<int> Ids() => new(ids, [Tokens, K]);
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
