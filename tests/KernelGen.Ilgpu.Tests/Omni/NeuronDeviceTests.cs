using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>One-neuron experts on ILGPU's devices against double precision: the cases of the CPU's own kernels.</summary>
public class NeuronDeviceTests
{
    [Fact]
    public void EveryKindComputesWhatTheFormulasSayOnTheCpuAccelerator() => Check(TestDevice.Cpu, NeuronSpecs.Corners, [0, 1, 2, 33], null);

    [Theory]
    [InlineData("Group")]
    [InlineData("Unaligned")]
    public void EveryKindComputesWhatTheFormulasSayInEmulatedWarps(string form) =>
        Check(TestDevice.CpuWithWarps, [new(2, 3, 5), new(7, 5, 31), new(8, 17, 32), new(5, 16, 1036)], [3], Enum.Parse<OmniExpertsForm>(form));

    [Theory]
    [InlineData(null)]
    [InlineData("Unaligned")]
    [InlineData("Thread")]
    public void EveryKindComputesWhatTheFormulasSayOnCuda(string? form) =>
        Check(TestDevice.Cuda, [.. NeuronSpecs.Corners, new(5, 16, 1036)], [0, 1, 2, 33, 300], form is null ? null : Enum.Parse<OmniExpertsForm>(form));

    [Fact]
    public void EveryKindComputesWhatTheFormulasSayOnOpenCl() => Check(TestDevice.OpenCl, [.. NeuronSpecs.Corners, new(5, 16, 1036)], [0, 1, 2, 33], null);

    [Theory]
    [InlineData(TestDevice.OpenCl)]
    [InlineData(TestDevice.Cpu)]
    [InlineData(TestDevice.Cuda)]
    public void GradientsHaveTheSameBitsOnEveryRun(string device)
    {
        var spec = new OmniExpertsSpec(8, 8, 64);
        var neurons = new DeviceNeurons(TestDevice.Get(device), (OmniExpertsKernels)KernelAssembly.CompileForIlgpu(spec).IlgpuKernels(spec));
        var inputs = new NeuronCase(spec, 300, new SeededRandom());
        inputs.CheckBackward(neurons.Backward);
        var (gradHidden, gradUp, gradDown, gradWeights) = (inputs.GradHidden, inputs.GradUp, inputs.GradDown, inputs.GradWeights);
        inputs.CheckBackward(neurons.Backward);
        Assert.Equal(gradHidden, inputs.GradHidden);
        Assert.Equal(gradUp, inputs.GradUp);
        Assert.Equal(gradDown, inputs.GradDown);
        Assert.Equal(gradWeights, inputs.GradWeights);
    }

    private static void Check(string device, OmniExpertsSpec[] specs, int[] tokenCounts, object? form)
    {
        var runner = TestDevice.Get(device);
        var random = new SeededRandom();
        var experts = KernelAssembly.CompileForIlgpu(specs);
        foreach (var spec in specs)
        {
            var neurons = new DeviceNeurons(runner, (OmniExpertsKernels)experts.IlgpuKernels(spec), (OmniExpertsForm?)form);
            foreach (var tokens in tokenCounts)
            {
                var inputs = new NeuronCase(spec, tokens, random, dense: form is OmniExpertsForm.Group); // which is for aligned rows
                inputs.CheckForward(neurons.Forward);
                inputs.CheckBackward(neurons.Backward);
            }
        }
    }
}
