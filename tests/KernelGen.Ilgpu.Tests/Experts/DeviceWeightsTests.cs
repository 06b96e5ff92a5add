using ILGPU;
using ILGPU.Runtime;
using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>What lies in a device's memory is what the host has: every weight, from the stored numbers and the device's form of their scales.</summary>
public class DeviceWeightsTests
{
    private static readonly TestDevice Device = TestDevice.Get(TestDevice.Cpu);

    [Theory]
    [InlineData(DType.Float8E4M3, WeightQuantization.Tensor, 0, false, false)]
    [InlineData(DType.Float8E4M3, WeightQuantization.Tensor, 0, false, true)]
    [InlineData(DType.Float8E4M3, WeightQuantization.Channel, 0, false, false)]
    [InlineData(DType.Float8E4M3, WeightQuantization.Block128, 0, false, false)]
    [InlineData(DType.Float8E4M3, WeightQuantization.Block128, 0, false, true)]
    [InlineData(DType.Int8, WeightQuantization.Channel, 0, false, false)]
    [InlineData(DType.Int8, WeightQuantization.Group, 64, false, false)]
    [InlineData(DType.Int8, WeightQuantization.Group, 96, true, false)]
    [InlineData(DType.Int4, WeightQuantization.Group, 32, false, false)]
    [InlineData(DType.Int4, WeightQuantization.Group, 128, true, false)]
    public void UploadedWeightsAreTheHosts(DType type, WeightQuantization quantization, int groupSize, bool zeroPoints, bool scalesApart)
    {
        foreach (var activation in scalesApart ? new[] { MoeActivation.SiluAndMul } : [MoeActivation.SiluAndMul, MoeActivation.Relu2])
        {
            // Neither width is a multiple of 128 or of a group: the up rows begin within a block.
            var spec = new FusedMoeSpec(3, 1, 140, 166, activation, type, Quantization: quantization, GroupSize: groupSize, ZeroPoints: zeroPoints) { Bias = true };
            if (type == DType.Int8) Check(new QuantizedCase<sbyte>(spec, 1, new SeededRandom(1), scalesApart: scalesApart));
            else if (type == DType.Int4) Check(new QuantizedCase<Int4Pair>(spec, 1, new SeededRandom(1), scalesApart: scalesApart));
            else Check(new QuantizedCase<Float8E4M3>(spec, 1, new SeededRandom(1), scalesApart: scalesApart));
        }
    }

    [Fact]
    public void InputScalesAndBiasesComeAlong()
    {
        var biases = new ExpertBiases([1, 2, 3, 4], [5, 6, 7], experts: 1, interleaved: true);
        var scales = ExpertScales.PerTensor(new[] { 0.5f }, new[] { 0.25f }).WithInputScales(2, 3);
        using var host = ExpertWeights<Float8E4M3>.FromFused(new Float8E4M3[4 * 3], new Float8E4M3[3 * 2], 1, 3, 2, biases, scales);
        using var weights = DeviceExpertWeights<Float8E4M3>.Upload(Device.Stream, host);
        Assert.Equal((2f, 3f), weights.Scales!.InputScales);
        Assert.Equal([1f, 3f, 2f, 4f], Download(weights.Biases!.GateUp));
        Assert.Equal([5f, 6f, 7f], Download(weights.Biases.Down));
        Assert.Equal([0.5f, 0.5f, 0.5f, 0.5f], Download(weights.Scales.GateUp));
        Assert.Equal([0.25f, 0.25f, 0.25f], Download(weights.Scales.Down));
    }

    [Fact]
    public void ViewsOfOtherExtentsAreRejected()
    {
        using var singles = Device.Accelerator.Allocate1D<float>(64);
        using var pairs = Device.Accelerator.Allocate1D<Int4Pair>(64);
        using var zeros = Device.Accelerator.Allocate1D<sbyte>(64);
        var (all, packed) = (singles.View.AsContiguous(), pairs.View.AsContiguous());
        Rejects("gateUp has 23 elements; expected [E, 2I, H] = [24]", () => DeviceExpertWeights<float>.FromViews(all.SubView(0, 23), all.SubView(0, 12), 1, 4, 3));
        Rejects("down has 13 elements; expected [E, H, I] = [12]", () => DeviceExpertWeights<float>.FromViews(all.SubView(0, 24), all.SubView(0, 13), 1, 4, 3));
        Rejects("gateUp has 24 elements; expected [E, I, H] = [12]", () => DeviceExpertWeights<float>.FromViews(all.SubView(0, 24), all.SubView(0, 12), 1, 4, 3, gated: false));
        Rejects("cannot have scales", () => DeviceExpertWeights<float>.FromViews(all.SubView(0, 24), all.SubView(0, 12), 1, 4, 3, DeviceExpertScales.PerChannel(all.SubView(0, 6), all.SubView(0, 4))));
        Rejects("gateUp [E, 2I] = [6]", () => DeviceExpertWeights<float>.FromViews(all.SubView(0, 24), all.SubView(0, 12), 1, 4, 3, biases: new DeviceExpertBiases(all.SubView(0, 5), all.SubView(0, 4))));
        Rejects("down [E, H] = [4]", () => DeviceExpertWeights<float>.FromViews(all.SubView(0, 24), all.SubView(0, 12), 1, 4, 3, biases: new DeviceExpertBiases(all.SubView(0, 6), all.SubView(0, 5))));

        Rejects("down starts 3 bytes into its buffer", () => DeviceExpertWeights<Int4Pair>.FromViews(packed.SubView(0, 8), packed.SubView(3, 4), 1, 4, 2, Groups(4, 4)));
        Rejects("require scales", () => Int4(null));
        Rejects("intermediateSize is 3", () => DeviceExpertWeights<Int4Pair>.FromViews(packed.SubView(0, 12), packed.SubView(0, 6), 1, 4, 3, Groups(6, 4)));
        Rejects("gateUp [E, ⌈H / 32⌉, 2I] = [4]", () => Int4(Groups(5, 4)));
        Rejects("down [E, ⌈I / 32⌉, H] = [4]", () => Int4(Groups(4, 6)));
        Rejects("gateUpZeroPoints has 3 elements", () => DeviceExpertScales.PerGroup(32, all.SubView(0, 4), all.SubView(0, 4), zeros.View.SubView(0, 3), zeros.View.SubView(0, 4)));
        Assert.Throws<ArgumentOutOfRangeException>("groupSize", () => DeviceExpertScales.PerGroup(0, all, all));
        Assert.Throws<ArgumentOutOfRangeException>("downInput", () => Groups(4, 4).WithInputScales(1, float.NaN));
        Int4(Groups(4, 4)).Dispose();

        DeviceExpertScales Groups(int gateUp, int down) => DeviceExpertScales.PerGroup(32, all.SubView(0, gateUp), all.SubView(0, down));

        DeviceExpertWeights<Int4Pair> Int4(DeviceExpertScales? scales) => DeviceExpertWeights<Int4Pair>.FromViews(packed.SubView(0, 8), packed.SubView(0, 4), 1, 4, 2, scales);

        static void Rejects(string problem, Action act) => Assert.Contains(problem, Assert.Throws<ArgumentException>(act).Message);
    }

    private static void Check<T>(QuantizedCase<T> inputs)
        where T : unmanaged
    {
        using var host = inputs.Weights();
        using var weights = DeviceExpertWeights<T>.Upload(Device.Stream, host);
        var (h, i, projections) = (host.HiddenSize, host.IntermediateSize, host.IsGated ? 2 : 1);
        Assert.Equal(host.IsGated, weights.IsGated);
        var scales = weights.Scales!;
        var rows = new float[Math.Max(h, i)];
        T[] gateUp = Download(weights.GateUp), down = Download(weights.Down);
        for (var expert = 0; expert < host.Experts; expert++)
        {
            for (var row = 0; row < projections * i; row++)
            {
                host.CopyRow(row < i ? ExpertProjection.Gate : ExpertProjection.Up, expert, row % i, rows.AsSpan(0, h));
                Compare(gateUp, Download(scales.GateUp), Download(scales.GateUpZeroPoints), (expert, row), (projections * i, h));
            }

            for (var row = 0; row < h; row++)
            {
                host.CopyRow(ExpertProjection.Down, expert, row, rows.AsSpan(0, i));
                Compare(down, Download(scales.Down), Download(scales.DownZeroPoints), (expert, row), (h, i));
            }
        }

        void Compare(T[] numbers, float[] factors, sbyte[] zeros, (int Expert, int Row) at, (int Rows, int Columns) matrix)
        {
            var width = scales.Width == 0 ? matrix.Columns : scales.Width;
            var groups = (matrix.Columns + width - 1) / width;
            for (var k = 0; k < matrix.Columns; k++)
            {
                var scale = (((at.Expert * groups) + (k / width)) * matrix.Rows) + at.Row;
                var zero = scales.HasZeroPoints ? zeros[scale] : typeof(T) == typeof(Int4Pair) ? 8 : 0;
                var index = (((at.Expert * matrix.Rows) + at.Row) * matrix.Columns) + k;
                float number = numbers[typeof(T) == typeof(Int4Pair) ? index / 2 : index] switch
                {
                    Int4Pair pair => index % 2 == 0 ? pair.Low : pair.High,
                    sbyte integer => integer,
                    var eight => (float)(Float8E4M3)(object)eight,
                };
                Assert.Equal(rows[k], (number - zero) * factors[scale]);
            }
        }
    }

    private static TElement[] Download<TElement>(ArrayView<TElement> view)
        where TElement : unmanaged
    {
        var host = new TElement[view.Length];
        if (host.Length > 0) view.CopyToCPU(Device.Stream, host);
        Device.Stream.Synchronize();
        return host;
    }
}
