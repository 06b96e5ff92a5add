using System.Numerics.Tensors;
using KernelGen.Compiler.Families;
using KernelGen.HuggingFace;
using KernelGen.Ilgpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Published models' MoE layers, their experts on a device, against what transformers computed.</summary>
public class GoldenLayerDeviceTests
{
    // What the inputs' three roundings to bf16 may cost beside sums of a few hundred terms: docs/numerics.md.
    private const double TensorCoreTolerance = 1e-2;

    public static TheoryData<string> Models => ["mixtral-a", "qwen3moe-a", "qwen2moe-a", "deepseekv3-a", "glm4moe-a", "olmoe-a", "jamba-a", "gptoss-a", "llama4-a"];

    [Theory]
    [MemberData(nameof(Models))]
    public void ComputesWhatTransformersComputedOnTheCpuAccelerator(string model) => Check<float>(model, TestDevice.Cpu, DType.Float32, 1, weights => weights, 1e-4, 1e-3);

    [Theory]
    [MemberData(nameof(Models))]
    public void ComputesWhatTransformersComputedOnCuda(string model) => Check<float>(model, TestDevice.Cuda, DType.Float32, 1, weights => weights, 1e-4, 1e-3);

    [Theory]
    [MemberData(nameof(Models))]
    public void ComputesWhatTransformersComputedOnOpenCl(string model) => Check<float>(model, TestDevice.OpenCl, DType.Float32, 1, weights => weights, 1e-4, 1e-3);

    [Theory]
    [MemberData(nameof(Models))]
    public void ColumnsOfZerosAddNothingOnTheCpuAccelerator(string model) =>
        Check(model, TestDevice.Cpu, DType.BFloat16, PaddedExperts.Multiple, PaddedExperts.Of, 1e-4, 1e-3);

    [Theory]
    [MemberData(nameof(Models))]
    public void TensorCoresComputeWhatTransformersComputedOnCuda(string model) =>
        Check(model, TestDevice.Cuda, DType.BFloat16, PaddedExperts.Multiple, PaddedExperts.Of, TensorCoreTolerance, 3 * TensorCoreTolerance);

    /// <summary>Computes a layer with its experts converted, their intermediate states as wide as <paramref name="multiple"/> allows.</summary>
    private static void Check<T>(
        string model, string deviceName, DType type, int multiple, Func<ExpertWeights<float>, ExpertWeights<T>> convert, double absolute, double relative)
        where T : unmanaged
    {
        var device = TestDevice.Get(deviceName);
        using var checkpoint = SafetensorsCheckpoint.Open(GoldenFiles.Path(model));
        using var file = SafetensorsFile.Open(GoldenFiles.Path(model, "expected.safetensors"));
        var config = MoeModelConfig.Load(GoldenFiles.Path(model));
        var layer = MoeLayerTensors.Load(checkpoint, config, 0);
        var gate = new MoeGateSpec(config.Experts, config.TopK, config.Scoring, config.CorrectionBias, config.Groups, config.TopKGroups, config.Renormalize);
        var routed = new FusedMoeSpec(config.Experts, config.TopK, config.HiddenSize, Padded(config.IntermediateSize), config.Activation!.Value, type)
        {
            Bias = config.ExpertBias,
            RouterWeightOnInput = config.RouterWeightOnInput,
        };
        var shared = routed with { Experts = 1, TopK = 1, IntermediateSize = Padded(config.SharedIntermediateSize) };
        var kernels = KernelAssembly.CompileForIlgpu(layer.SharedExpert is null ? [gate, routed] : [gate, routed, shared]);
        var forward = kernels.Entry<DeviceForward<T>>("Forward");
        using var block = new MoeBlock<float>(layer, kernels.Route, Forward, new ExpertFormat(DType.Float32));

        var (hidden, expected) = (file.Get("hidden_states").ReadSingles(), file.Get("output").ReadSingles());
        var output = new float[expected.Length];
        nint[] shape = [hidden.Length / config.HiddenSize, config.HiddenSize];
        block.Forward(new ReadOnlyTensorSpan<float>(hidden, shape), new TensorSpan<float>(output, shape));
        for (var i = 0; i < output.Length; i++)
            Assert.True(Math.Abs(output[i] - expected[i]) <= absolute + (relative * Math.Abs(expected[i])), $"{model}: output[{i}] is {output[i]}, expected {expected[i]}");

        int Padded(int width) => (width + multiple - 1) / multiple * multiple;

        void Forward(
            ReadOnlyTensorSpan<float> x, ExpertWeights<float> expertWeights, ReadOnlyTensorSpan<float> weights, ReadOnlyTensorSpan<int> experts, TensorSpan<float> y,
            int splitK, CancellationToken cancellation)
        {
            using var onDevice = DeviceExpertWeights<T>.Upload(device.Stream, convert(expertWeights));
            using DeviceMatrix<float> deviceX = new(device, x), deviceRouting = new(device, weights), deviceY = new(device, y);
            using DeviceMatrix<int> deviceExperts = new(device, experts);
            forward(device.Stream, deviceX.View, onDevice, deviceRouting.View, deviceExperts.View, deviceY.View, splitK);
            deviceY.CopyTo(y);
        }
    }
}
