using ILGPU;
using ILGPU.Runtime;
using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Slots sorted by expert on a device, each expert's padded to whole blocks, and hidden states as bfloat16.</summary>
public class AlignmentTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(TestDevice.Cpu)]
    [InlineData(TestDevice.Cuda)]
    [InlineData(TestDevice.OpenCl)]
    public void EveryExpertsSlotsFillBlocksOfTheirOwn(string deviceName)
    {
        var device = TestDevice.Get(deviceName);
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        foreach (var (experts, topK) in new[] { (1, 1), (5, 2), (70, 4), (300, 8) })
        {
            var spec = new FusedMoeSpec(experts, topK, 64, 64, MoeActivation.SiluAndMul, DType.BFloat16);
            var kernels = (ExpertsKernels<ushort>)KernelAssembly.CompileForIlgpu(spec).IlgpuKernels(spec);
            foreach (var tokens in new[] { 1, 2, 33, 150 })
            {
                foreach (var blockM in new[] { 16, 48 }) Check(device, kernels, tokens, blockM, random);
            }
        }
    }

    private static void Check(TestDevice device, ExpertsKernels<ushort> kernels, int tokens, int blockM, SeededRandom random)
    {
        var (accelerator, stream, shape) = (device.Accelerator, device.Stream, kernels.Shape);
        var slots = tokens * shape.TopK;

        // −1 leaves a slot out; so does any other number that is no expert.
        var experts = Enumerable.Range(0, slots).Select(_ => random.Int(0, 4) == 0 ? random.Pick(-1, shape.Experts, int.MinValue) : random.Int(0, shape.Experts - 1)).ToArray();
        var (weights, hidden) = (random.Normal(slots), random.Normal(tokens * shape.HiddenSize));
        (hidden[0], hidden[1]) = (float.NaN, float.PositiveInfinity);
        var blocks = AlignedSlotsSize.MaxBlocks(slots, shape.Experts, blockM);
        using var deviceHidden = accelerator.Allocate1D(hidden);
        using var deviceWeights = accelerator.Allocate1D(weights);
        using var deviceExperts = accelerator.Allocate1D(experts);
        using var rounded = accelerator.Allocate1D<uint>(hidden.Length / 2);
        using var sorted = accelerator.Allocate1D<int>(blocks * blockM);
        using var blockExperts = accelerator.Allocate1D<int>(blocks);
        using var padded = accelerator.Allocate1D<int>(1);
        using var slotWeights = accelerator.Allocate1D<float>(slots);
        var sizes = new ExpertsSizes { HiddenStride = shape.HiddenSize, WeightsStride = shape.TopK, ExpertsStride = shape.TopK, Tokens = tokens, BlockM = blockM };
        kernels.Prepare(stream, deviceHidden.View, deviceWeights.View, deviceExperts.View, rounded.View, new AlignedSlots(sorted.View, blockExperts.View, padded.View, slotWeights.View), sizes);
        stream.Synchronize();

        var runs = Enumerable.Range(0, slots).Where(slot => experts[slot] >= 0 && experts[slot] < shape.Experts).GroupBy(slot => experts[slot]).OrderBy(run => run.Key).ToArray();
        Assert.Equal(runs.Sum(run => Blocks(run.Count()) * blockM), padded.GetAsArray1D()[0]);
        Assert.Equal(weights, slotWeights.GetAsArray1D());
        var (order, owners) = (sorted.GetAsArray1D(), blockExperts.GetAsArray1D());
        var block = 0;
        foreach (var run in runs)
        {
            var places = order.AsSpan(block * blockM, Blocks(run.Count()) * blockM).ToArray();
            Assert.Equal(run, places[..run.Count()].Order());
            Assert.All(places[run.Count()..], slot => Assert.Equal(slots, slot));
            Assert.All(owners[block..(block + Blocks(run.Count()))], owner => Assert.Equal(run.Key, owner));
            block += Blocks(run.Count());
        }

        var expected = Array.ConvertAll(hidden, value => (float)(BFloat16)value);
        Assert.Equal(expected, rounded.GetAsArray1D().SelectMany(pair => new[] { pair << 16, pair & 0xFFFF0000u }).Select(BitConverter.UInt32BitsToSingle));

        int Blocks(int count) => (count + blockM - 1) / blockM;
    }
}
