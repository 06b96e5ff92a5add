using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using KernelGen.Compiler.Families;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;

namespace KernelGen.Tests;

/// <summary>Calls that no kernel can serve say what is wrong with them.</summary>
public class DeviceExpertsCallTests
{
    private static readonly FusedMoeSpec Plain = new(2, 1, 8, 4, MoeActivation.SiluAndMul, DType.Float32);

    private static readonly FusedMoeSpec Static = new(2, 1, 8, 6, MoeActivation.SiluAndMul, DType.Float8E4M3, Quantization: WeightQuantization.Tensor)
    {
        ActivationQuantization = ActivationQuantization.StaticTensor,
    };

    private static readonly KernelAssembly Kernels = KernelAssembly.CompileForIlgpu(
        Plain, Plain with { IntermediateSize = 5, Bias = true }, Plain with { IntermediateSize = 6, Activation = MoeActivation.Silu }, Static);

    private static readonly TestDevice Device = TestDevice.Get(TestDevice.Cpu);

    [Fact]
    public void ViewsOfOtherExtentsAreRejected()
    {
        using var weights = Weights(4);
        Assert.Contains("hidden has extent (X: 7, Y: 3)", Rejected<ArgumentException>(() => Forward(weights, hidden: Matrix<float>(3, 7))));
        Assert.Contains("weights has extent (X: 1, Y: 2)", Rejected<ArgumentException>(() => Forward(weights, routing: Matrix<float>(2, 1))));
        Assert.Contains("experts has extent (X: 2, Y: 3)", Rejected<ArgumentException>(() => Forward(weights, experts: Matrix<int>(3, 2))));
        Assert.Contains("output has extent (X: 8, Y: 4)", Rejected<ArgumentException>(() => Forward(weights, output: Matrix<float>(4, 8))));
        Assert.Contains("output has row stride 4", Rejected<ArgumentException>(() => Forward(weights, output: new(Matrix<float>(3, 8).BaseView, new LongIndex2D(8, 3), new Stride2D.DenseX(4)))));
        Assert.Throws<ArgumentNullException>("expertWeights", () => Forward(null!));
    }

    [Fact]
    public void WeightsWithOtherPartsThanDeclaredAreRejected()
    {
        using var withoutBias = Weights(5);
        Assert.Contains("have no biases, but the declaration says Bias = true", Rejected<ArgumentException>(() => Forward(withoutBias)));
        using var withBias = Weights(4, bias: true);
        Assert.Contains("have biases; declare the experts with Bias = true", Rejected<ArgumentException>(() => Forward(withBias)));
        using var gated = Weights(6);
        Assert.Contains("have up projections, but the declared activation has none", Rejected<ArgumentException>(() => Forward(gated)));
        using var ungated = Weights(4, gated: false);
        Assert.Contains("have no up projections", Rejected<ArgumentException>(() => Forward(ungated)));

        var bytes = Device.Accelerator.Allocate1D<Float8E4M3>(2 * 12 * 8).View;
        var scales = DeviceExpertScales.PerTensor(Matrix<float>(1, 24).BaseView, Matrix<float>(1, 16).BaseView);
        using var quantized = DeviceExpertWeights<Float8E4M3>.FromViews(bytes, bytes.SubView(0, 2 * 6 * 8), 2, 8, 6, scales);
        Assert.Contains("have no input scales", Rejected<ArgumentException>(() => Forward(quantized)));
        using var channels = DeviceExpertWeights<Float8E4M3>.FromViews(bytes, bytes.SubView(0, 2 * 6 * 8), 2, 8, 6, DeviceExpertScales.PerChannel(scales.GateUp, scales.Down));
        Assert.Contains("Quantization = WeightQuantization.Channel", Rejected<KernelVariantNotFoundException>(() => Forward(channels)));
    }

    [Fact]
    public void ShapesThatWereNotDeclaredNameTheMissingLine()
    {
        using var weights = Weights(7);
        Assert.Contains("[FusedMoe(Experts = 2, TopK = 1, HiddenSize = 8, IntermediateSize = 7)]", Rejected<KernelVariantNotFoundException>(() => Forward(weights)));
    }

    [Fact]
    public void MemoryOfAnotherAcceleratorAndWhatIsDisposedAreRejected()
    {
        var weights = Weights(4);
        var other = TestDevice.Get(TestDevice.CpuWithWarps);
        Assert.Contains("another accelerator", Rejected<ArgumentException>(() => Forward(weights, stream: other.Stream)));
        Assert.Contains("another accelerator", Rejected<ArgumentException>(() => Forward(weights, hidden: Matrix<float>(3, 8, other))));
        using var foreignBias = DeviceExpertWeights<float>.FromViews(
            Matrix<float>(1, 2 * 10 * 8).BaseView, Matrix<float>(1, 2 * 5 * 8).BaseView, 2, 8, 5, biases: new DeviceExpertBiases(Matrix<float>(1, 20, other).BaseView, Matrix<float>(1, 16).BaseView));
        Assert.Contains("expertWeights.Biases is in memory of", Rejected<ArgumentException>(() => Forward(foreignBias)));
        weights.Dispose();
        Rejected<ObjectDisposedException>(() => Forward(weights));

        using var context = Context.Create(builder => builder.CPU());
        var accelerator = context.CreateCPUAccelerator(0);
        var stream = accelerator.DefaultStream;
        accelerator.Dispose();
        using var alive = Weights(4);
        Assert.Contains("is disposed", Rejected<ObjectDisposedException>(() => Forward(alive, stream: stream)));
    }

    private static string Rejected<TException>(Action call)
        where TException : Exception => Assert.ThrowsAny<TException>(call).Message;

    private static void Forward<T>(
        DeviceExpertWeights<T> expertWeights, AcceleratorStream? stream = null, ArrayView2D<float, Stride2D.DenseX>? hidden = null, ArrayView2D<float, Stride2D.DenseX>? routing = null,
        ArrayView2D<int, Stride2D.DenseX>? experts = null, ArrayView2D<float, Stride2D.DenseX>? output = null)
        where T : unmanaged => Kernels.Entry<DeviceForward<T>>("Forward")(
            stream ?? Device.Stream, hidden ?? Matrix<float>(3, 8), expertWeights, routing ?? Matrix<float>(3, 1), experts ?? Matrix<int>(3, 1), output ?? Matrix<float>(3, 8));

    private static void Forward(
        DeviceExpertWeights<float> expertWeights, AcceleratorStream? stream = null, ArrayView2D<float, Stride2D.DenseX>? hidden = null, ArrayView2D<float, Stride2D.DenseX>? routing = null,
        ArrayView2D<int, Stride2D.DenseX>? experts = null, ArrayView2D<float, Stride2D.DenseX>? output = null) => Forward<float>(expertWeights, stream, hidden, routing, experts, output);

    private static ArrayView2D<T, Stride2D.DenseX> Matrix<T>(int rows, int columns, TestDevice? device = null)
        where T : unmanaged => new((device ?? Device).Accelerator.Allocate1D<T>(rows * columns).View, new LongIndex2D(columns, rows), new Stride2D.DenseX(columns));

    private static DeviceExpertWeights<float> Weights(int intermediate, bool bias = false, bool gated = true)
    {
        var rows = (gated ? 2 : 1) * intermediate;
        var biases = bias ? new ExpertBiases(new float[2 * rows], new float[2 * 8], 2) : null;
        using var host = gated
            ? ExpertWeights<float>.FromFused(new float[2 * rows * 8], new float[2 * 8 * intermediate], 2, 8, intermediate, biases)
            : ExpertWeights<float>.FromUngated(new float[2 * rows * 8], new float[2 * 8 * intermediate], 2, 8, intermediate, biases);
        return DeviceExpertWeights<float>.Upload(Device.Stream, host);
    }
}
