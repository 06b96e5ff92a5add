using ILGPU;
using ILGPU.Runtime;
using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Offsets beyond 2³¹ elements, really allocated. They take up to 17 GB.</summary>
public class LargeOffsetDeviceTests(ITestOutputHelper output)
{
    private const long Needed = 20L << 30;

    [Theory]
    [InlineData(2)]
    [InlineData(90)]
    public void WeightsBeyondTwoToThe31OnCuda(int tokens)
    {
        const int experts = 300, hidden = 2048, intermediate = 2048;
        var device = Device();
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        var spec = new FusedMoeSpec(experts, 1, hidden, intermediate, MoeActivation.SiluAndMul, DType.Int8, Quantization: WeightQuantization.Channel);
        var (stream, accelerator) = (device.Stream, device.Accelerator);
        const long matrix = (long)hidden * intermediate;
        using var gateUp = accelerator.Allocate1D<sbyte>(2 * experts * matrix);
        using var down = accelerator.Allocate1D<sbyte>(experts * matrix);
        Assert.True(gateUp.Length > int.MaxValue);

        // Only the last expert's weights are not 0, and only it is chosen.
        var (gateUpNumbers, downNumbers) = (Numbers((int)(2 * matrix)), Numbers((int)matrix));
        gateUp.MemSetToZero(stream);
        down.MemSetToZero(stream);
        gateUp.View.SubView(2 * (experts - 1) * matrix, 2 * matrix).CopyFromCPU(stream, gateUpNumbers);
        down.View.SubView((experts - 1) * matrix, matrix).CopyFromCPU(stream, downNumbers);
        const float scale = 1f / (64 * 45);
        using var gateUpScales = accelerator.Allocate1D(Enumerable.Repeat(scale, experts * 2 * intermediate).ToArray());
        using var downScales = accelerator.Allocate1D(Enumerable.Repeat(scale, experts * hidden).ToArray());
        using var weights = DeviceExpertWeights<sbyte>.FromViews(
            gateUp.View, down.View, experts, hidden, intermediate, DeviceExpertScales.PerChannel(gateUpScales.View, downScales.View));

        var x = random.Normal(2 * hidden);
        var ids = Enumerable.Repeat(experts - 1, tokens).ToArray();
        var result = Forward(device, spec, weights, x, ids, tokens);
        var expected = ReferenceMoe.Forward(
            x, (_, row, column) => gateUpNumbers[(row * hidden) + column] * (double)scale, (_, row, column) => downNumbers[(row * intermediate) + column] * (double)scale,
            [1, 1], [0, 0], 2, 1, hidden, intermediate);
        Compare(result, expected, hidden, random);

        sbyte[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (sbyte)random.Int(-127, 127))];
    }

    [Fact]
    public void SumsBeyondTwoToThe31OnCuda()
    {
        const int hidden = 32, intermediate = 32768, tokens = 40_000;
        Assert.True(2L * tokens * intermediate > int.MaxValue);
        var device = Device();
        var random = new SeededRandom();
        output.WriteLine(random.Description);
        var spec = new FusedMoeSpec(1, 1, hidden, intermediate, MoeActivation.SiluAndMul, DType.Float32);
        var (gateUp, down) = (random.Normal(2 * hidden * intermediate, 0.2f), random.Normal(hidden * intermediate, 0.01f));
        using var host = ExpertWeights<float>.FromFused(gateUp, down, 1, hidden, intermediate);
        using var weights = DeviceExpertWeights<float>.Upload(device.Stream, host);
        var x = random.Normal(2 * hidden);
        var result = Forward(device, spec, weights, x, new int[tokens], tokens);
        var expected = ReferenceMoe.Forward(
            x, (_, row, column) => gateUp[(row * hidden) + column], (_, row, column) => down[(row * intermediate) + column], [1, 1], [0, 0], 2, 1, hidden, intermediate);
        Compare(result, expected, hidden, random);
    }

    private static TestDevice Device()
    {
        var device = TestDevice.Get(TestDevice.Cuda);
        Assert.SkipWhen(device.Accelerator.MemorySize < Needed, $"{device.Accelerator.Name} has {device.Accelerator.MemorySize} bytes; the test needs {Needed}");
        return device;
    }

    /// <summary>Tokens are two that take turns.</summary>
    private static float[] Forward<T>(TestDevice device, FusedMoeSpec spec, DeviceExpertWeights<T> weights, float[] two, int[] ids, int tokens)
        where T : unmanaged
    {
        var (accelerator, stream, hidden) = (device.Accelerator, device.Stream, spec.HiddenSize);
        using var x = accelerator.Allocate1D(Enumerable.Range(0, tokens).SelectMany(token => two.AsSpan(token % 2 * hidden, hidden).ToArray()).ToArray());
        using var routing = accelerator.Allocate1D(Enumerable.Repeat(1f, tokens).ToArray());
        using var experts = accelerator.Allocate1D(ids);
        using var output = accelerator.Allocate1D<float>(tokens * hidden);
        KernelAssembly.CompileForIlgpu(spec).Entry<DeviceForward<T>>("Forward")(
            stream, Matrix(x, hidden), weights, Matrix(routing, 1), Matrix(experts, 1), Matrix(output, hidden));
        stream.Synchronize();
        return output.GetAsArray1D();

        ArrayView2D<TElement, Stride2D.DenseX> Matrix<TElement>(MemoryBuffer1D<TElement, Stride1D.Dense> buffer, int columns)
            where TElement : unmanaged => new(buffer.View, new LongIndex2D(columns, tokens), new Stride2D.DenseX(columns));
    }

    private static void Compare(float[] result, double[] expected, int hidden, SeededRandom random)
    {
        for (var i = 0; i < result.Length; i++)
        {
            var exact = expected[i % (2 * hidden)];
            if (Math.Abs(result[i] - exact) > 1e-4 + (1e-3 * Math.Abs(exact))) Assert.Fail($"{random.Description}: token {i / hidden}, column {i % hidden}: {result[i]}, expected {exact}");
        }
    }
}
