using KernelGen.Compiler.Families;
using KernelGen.Compiler.Tuning;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Choices of tuning files on ILGPU's devices.</summary>
public class TunedExpertsTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("NVIDIA H200", true)]
    [InlineData("NVIDIA H200 ", true)]
    [InlineData("NVIDIA_H200", true)]
    [InlineData("NVIDIA H200 NVL", false)]
    [InlineData("NVIDIA H20", false)]
    public void ADeviceIsKnownByItsName(string name, bool expected) => Assert.Equal(expected, new TunedDevice("NVIDIA_H200").IsFor(name));

    [Theory]
    [InlineData(0, 4)]
    [InlineData(16, 4)]
    [InlineData(17, 1)]
    [InlineData(int.MaxValue, 1)]
    public void TokensChoose(int tokens, int slices) =>
        Assert.Equal(slices, new TunedDevice("x", new TunedDeviceChoice(16, 4, null), new TunedDeviceChoice(int.MaxValue, 1, null)).Choose(tokens).Slices);

    [Fact]
    public void AFileForTheDeviceChoosesTheSlices()
    {
        var device = TestDevice.Get(TestDevice.Cpu);
        var spec = new FusedMoeSpec(4, 2, 256, 256, MoeActivation.SiluAndMul, DType.BFloat16);
        var tile = GpuTiles.All(GpuArchitecture.Of("NVIDIA_L4")!, 256, 256).First(tile => tile.BlockK == 64);
        DeviceTuning Tuning(string name) => new(name, new([new(2, tile with { SplitK = 4 }, tile with { SplitK = 4 }), new(int.MaxValue, tile, tile)]));
        spec = spec with { Devices = new([Tuning("NVIDIA_H200"), Tuning(TuningFileName.DeviceNameOf(device.Accelerator.Name))]) };
        var kernels = KernelAssembly.CompileForIlgpu(spec, spec with { SplitK = 4 });
        var sliced = (ExpertsKernels<ushort>)kernels.IlgpuKernels(spec with { SplitK = 4 });
        var whole = (ExpertsKernels<ushort>)kernels.IlgpuKernels(spec);
        Assert.Equal([true, false], sliced.Tunings[1].Choices.Select(choice => choice.Pair is not null));
        Assert.Equal([false, true], whole.Tunings[1].Choices.Select(choice => choice.Pair is not null));

        var random = new SeededRandom();
        output.WriteLine(random.Description);
        foreach (var (tokens, variant) in new[] { (2, sliced), (3, whole) })
        {
            var inputs = new ExpertsCase<BFloat16>((4, 2, 256, 256), tokens, random);
            var run = new DeviceExperts<BFloat16>(device, kernels.Entry<DeviceForward<BFloat16>>("Forward"), 2, 0);
            Assert.Equal([variant.Variant.Name], Reported(() => inputs.CheckOnDevice(run.Run)));
        }
    }

    [Fact]
    public void TilesOfAFileOnCuda()
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        var name = TuningFileName.DeviceNameOf(device.Accelerator.Name);
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        var spec = new FusedMoeSpec(4, 2, 512, 512, MoeActivation.SiluAndMul, DType.BFloat16);
        var problems = new List<TuningProblem>();
        var entries = new[] { new TritonTile(16, 64, 128, 1, 4, 4, 2), new TritonTile(32, 128, 64, 4, 4, 3), new TritonTile(64, 128, 64, 4, 4, 3), new TritonTile(128, 128, 64, 1, 8, 4) };
        var file = TuningFile.Empty.With(entries.Select((tile, number) => tile.ToEntry(1 + (60 * number))));
        var set = new TuningSet([TuningInput.Read(ExpertTuning.FileName(spec, name).ToString(), file.ToString())]);
        spec = spec with { Devices = set.ForDevices(spec, problems) };
        var forward = KernelAssembly.CompileForIlgpu(spec, spec with { SplitK = 2 }).Entry<DeviceForward<BFloat16>>("Forward");
        foreach (var tokens in new[] { 1, 31, 60, 120, 200 })
        {
            var inputs = new ExpertsCase<BFloat16>((4, 2, 512, 512), tokens, random);
            var error = inputs.Error(new DeviceExperts<BFloat16>(device, forward, 2, 0).Run);
            Assert.True(error is { OfNorm: < 8e-3, OfLargest: < 3e-2 }, $"{random.Description}: {tokens} tokens: {error}");
        }
    }

    /// <summary>The variants that this thread's calls report: other tests run meanwhile.</summary>
    private static List<string> Reported(Action action)
    {
        var thread = Environment.CurrentManagedThreadId;
        var names = new List<string>();
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == KernelDispatch.MeterName) self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
        {
            if (Environment.CurrentManagedThreadId == thread) names.Add((string)tags[0].Value!);
        });
        listener.Start();
        action();
        return names;
    }
}
