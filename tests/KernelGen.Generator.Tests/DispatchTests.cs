using System.Diagnostics.Metrics;
using System.Numerics.Tensors;
using System.Reflection;
using KernelGen.Cpu;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Runs the emitted dispatchers: which variant they choose, and the exception if there is none.</summary>
public sealed class DispatchTests : IDisposable
{
    private readonly int _threads = CpuWorkers.MaxThreads;

    // One token gives two work items here: 16 threads want eight slices of one token and four of two.
    public DispatchTests() => CpuWorkers.MaxThreads = 16;

    public void Dispose() => CpuWorkers.MaxThreads = _threads;

    private static readonly Type Kernels = Consumer.Of("""
        using KernelGen;

        namespace Models;

        [MoeGate(Experts = 8, TopK = 2)]
        [MoeGate(Experts = 8, TopK = 2, CorrectionBias = true, Scoring = GateScoring.Sigmoid)]
        [MoeGate(Experts = 16, TopK = 2, Renormalize = false)]
        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, SplitK = new[] { 1, 8, 4 })]
        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, WeightType = DType.BFloat16)]
        public static partial class Kernels;
        """).Generate().Load().GetType("Models.Kernels")!;

    [Theory]
    [InlineData(8, 2, false, "moegate_softmax_e8_k2_f32_cpu")]
    [InlineData(8, 2, true, "moegate_sigmoid_bias_e8_k2_f32_cpu")]
    [InlineData(16, 2, false, "moegate_softmax_norenorm_e16_k2_f32_cpu")]
    public void Shapes_choose_the_gate(int experts, int topK, bool bias, string name) => Assert.Equal(name, Select(experts, topK, bias, DType.Float32, false).Name);

    [Theory]
    [InlineData(DType.Float32, 1, 0, "fusedmoe_silu_e8_k2_h64_i32_f32_splitk8_cpu")]
    [InlineData(DType.Float32, 2, 0, "fusedmoe_silu_e8_k2_h64_i32_f32_splitk4_cpu")]
    [InlineData(DType.Float32, 7, 0, "fusedmoe_silu_e8_k2_h64_i32_f32_splitk4_cpu")]
    [InlineData(DType.Float32, 8, 0, "fusedmoe_silu_e8_k2_h64_i32_f32_cpu")]
    [InlineData(DType.Float32, 4096, 0, "fusedmoe_silu_e8_k2_h64_i32_f32_cpu")]
    [InlineData(DType.Float32, 4096, 4, "fusedmoe_silu_e8_k2_h64_i32_f32_splitk4_cpu")]
    [InlineData(DType.BFloat16, 1, 0, "fusedmoe_silu_e8_k2_h64_i32_bf16_cpu")]
    public void Type_tokens_and_slices_choose_the_experts(DType type, int tokens, int splitK, string name) =>
        Assert.Equal(name, Select(8, 2, 64, 32, type, tokens, splitK).Name);

    [Fact]
    public void A_missing_gate_names_the_attribute_to_add_and_those_there_are()
    {
        var failure = Assert.Throws<KernelVariantNotFoundException>(() => Select(9, 2, true, DType.Float32, false));
        Assert.Equal("[MoeGate(Experts = 9, TopK = 2, CorrectionBias = true)]", failure.MissingDeclaration);
        Assert.Equal(3, failure.Declared.Count);
        Assert.Contains("Models.Kernels has no kernel for these shapes", failure.Message);
        Assert.Contains("[MoeGate(Experts = 16, TopK = 2, Renormalize = false)]", failure.Message);
    }

    [Theory]
    [InlineData(DType.Float32, 2, "[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, SplitK = new[] { 2 })]")]
    [InlineData(DType.Float16, 0, "[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, WeightType = DType.Float16)]")]
    public void Missing_experts_name_the_attribute_to_add(DType type, int splitK, string declaration)
    {
        var failure = Assert.Throws<KernelVariantNotFoundException>(() => Select(8, 2, 64, 32, type, 1, splitK));
        Assert.Equal(declaration, failure.MissingDeclaration);
        Assert.Equal(4, failure.Declared.Count);
    }

    [Fact]
    public void Route_runs_the_gate_and_reports_it()
    {
        float[] logits = [0, 3, 0, 1, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 5, 0];
        float[] weights = new float[4];
        int[] experts = new int[4];
        var reported = Reported(() => Kernels.GetMethod("Route")!.CreateDelegate<GateRoute<float>>()(
            new ReadOnlyTensorSpan<float>(logits, [2, 8]), [], new TensorSpan<float>(weights, [2, 2]), new TensorSpan<int>(experts, [2, 2]), 2f, -1));
        Assert.Equal(["moegate_softmax_e8_k2_f32_cpu"], reported);
        Assert.Equal([1, 3, 0, 6], experts);
        var first = 2 / (1 + MathF.Exp(-2));
        Assert.Equal([first, 2 - first, 1, 1], weights, (expected, actual) => MathF.Abs(expected - actual) < 1e-6f);
    }

    [Fact]
    public void Forward_runs_the_experts_with_as_many_slices_as_asked_for()
    {
        var random = new SeededRandom();
        float[] hidden = random.Normal(64);
        float[] whole = new float[64];
        float[] sliced = new float[64];
        using var expertWeights = ExpertWeights<float>.FromFused(random.Normal(8 * 64 * 64), random.Normal(8 * 64 * 32), 8, 64, 32);
        var forward = Kernels.GetMethod("Forward", [.. typeof(ExpertsForward<float>).GetMethod("Invoke")!.GetParameters().Select(parameter => parameter.ParameterType)])!.CreateDelegate<ExpertsForward<float>>();
        Assert.Equal(["fusedmoe_silu_e8_k2_h64_i32_f32_cpu"], Reported(() => Run(whole, 1)));
        Assert.Equal(["fusedmoe_silu_e8_k2_h64_i32_f32_splitk8_cpu"], Reported(() => Run(sliced, 0)));
        Assert.Contains(whole, value => MathF.Abs(value) > 1f);
        Assert.Equal(whole, sliced, (expected, actual) => MathF.Abs(expected - actual) <= 1e-4f * (1 + MathF.Abs(expected)));

        void Run(float[] output, int splitK) => forward(
            new ReadOnlyTensorSpan<float>(hidden, [1, 64]), expertWeights,
            new ReadOnlyTensorSpan<float>([0.75f, 0.25f], [1, 2]), new ReadOnlyTensorSpan<int>([6, 1], [1, 2]),
            new TensorSpan<float>(output, [1, 64]), splitK);
    }

    private static List<string> Reported(Action action)
    {
        var names = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == KernelDispatch.MeterName) self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => names.Add((string)tags[0].Value!));
        listener.Start();
        action();
        return names;
    }

    private static KernelVariant Select(params object[] shapes)
    {
        var method = Kernels.GetMethod("Select", [.. shapes.Select(shape => shape.GetType())])!;
        try
        {
            return (KernelVariant)method.Invoke(null, shapes)!;
        }
        catch (TargetInvocationException wrapped)
        {
            throw wrapped.InnerException!;
        }
    }
}
