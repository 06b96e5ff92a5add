using System.Numerics.Tensors;
using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Sends tokens through experts: hidden states [T, H], the experts, router weights [T, k], expert ids [T, k], the result [T, H], T.</summary>
internal delegate void ExpertsRunner<T>(float[] hidden, ExpertWeights<T> expertWeights, float[] weights, int[] experts, float[] output, int tokens)
    where T : unmanaged;

/// <summary>What experts are declared to compute, with random biases.</summary>
internal static class ExpertsCase
{
    /// <summary>Requires each output to be as near as its bound, and NaN where that is expected.</summary>
    public static void RequireWithin(double[] bound, double[] expected, float[] output, string what)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            var isWithin = double.IsNaN(expected[i]) ? float.IsNaN(output[i]) : Math.Abs(output[i] - expected[i]) <= bound[i];
            if (!isWithin) Assert.Fail($"{what}: output[{i}] is {output[i]}, expected {expected[i]} within {bound[i]}");
        }
    }

    public static ExpertForm Form(FusedMoeSpec spec, SeededRandom random)
    {
        var form = new ExpertForm(spec.Activation, spec.ActivationLimit, spec.RouterWeightOnInput);
        return !spec.Bias ? form : form with
        {
            GateUpBias = random.Normal(spec.Experts * (spec.IsGated ? 2 : 1) * spec.IntermediateSize, 0.5f),
            DownBias = random.Normal(spec.Experts * spec.HiddenSize),
        };
    }
}

/// <summary>Random inputs of one expert layer, its poisoned output and the double-precision answer.</summary>
internal sealed unsafe class ExpertsCase<T>
    where T : unmanaged
{
    private const int Guard = 16;
    private const float Poison = float.NaN;

    private readonly T[] _gateUp;
    private readonly T[] _down;
    private readonly float[] _hidden;
    private readonly float[] _weights;
    private readonly int[] _experts;
    private readonly (int Experts, int TopK, int Hidden, int Intermediate) _shape;
    private readonly int _tokens;
    private readonly SeededRandom _random;
    private readonly ExpertForm _form;
    private readonly ExpertBiases? _biases;

    public ExpertsCase(
        (int Experts, int TopK, int Hidden, int Intermediate) shape, int tokens, SeededRandom random, bool leaveSlotsOut = false, int? onlyExpert = null, ExpertForm? form = null, int? spoiltToken = null)
    {
        (_shape, _tokens, _random, _form) = (shape, tokens, random, form ?? new ExpertForm());
        var projections = _form.IsGated ? 2 : 1;
        if (_form.GateUpBias is { } gateUpBias) _biases = new ExpertBiases(gateUpBias, _form.DownBias, shape.Experts);

        _hidden = random.Normal(tokens * shape.Hidden);
        if (spoiltToken is { } spoilt) _hidden[spoilt * shape.Hidden] = float.NaN;
        _gateUp = Convert(random.Normal(shape.Experts * projections * shape.Intermediate * shape.Hidden, 1f / MathF.Sqrt(shape.Hidden)));
        _down = Convert(random.Normal(shape.Experts * shape.Hidden * shape.Intermediate, 1f / MathF.Sqrt(shape.Intermediate)));
        _weights = random.Normal(tokens * shape.TopK);
        _experts = new int[tokens * shape.TopK];
        for (var token = 0; token < tokens; token++)
        {
            var order = random.Permutation(shape.Experts);
            for (var j = 0; j < shape.TopK; j++)
                _experts[(token * shape.TopK) + j] = leaveSlotsOut && random.Int(0, 3) == 0 ? -1 : onlyExpert ?? order[j];
        }
    }

    /// <summary>Runs a kernel and compares every output with the reference; nothing beside the output may change.</summary>
    public float[] Check(delegate*<in ExpertsArguments, void> kernel)
    {
        var output = Run(kernel);
        return Compare(output);
    }

    /// <summary>The same through any entry point, where functions are a device's.</summary>
    public float[] CheckOnDevice(ExpertsRunner<T> run) => Compare(Run(run), ExpertArithmetic.Device);

    /// <summary>For arithmetic in bfloat16: ‖output − expected‖ / ‖expected‖, and the same of the largest elements.</summary>
    public (double OfNorm, double OfLargest) Error(ExpertsRunner<T> run)
    {
        var (output, expected) = (Run(run), Expected());
        var differences = expected.Select((value, i) => Math.Abs(output[i] - value)).ToArray();
        Assert.All(differences, difference => Assert.True(double.IsFinite(difference), $"{_random.Description}: {_shape}: an output is not finite"));
        var norm = Math.Sqrt(expected.Sum(value => value * value));
        return norm == 0
            ? (differences.Sum(), differences.Sum())
            : (Math.Sqrt(differences.Sum(value => value * value)) / norm, differences.Max() / expected.Max(Math.Abs));
    }

    /// <summary>For tensor cores: every output within what roundings to bfloat16 and sums in single precision explain.</summary>
    public void CheckOnTensorCores(string what, params ExpertsRunner<T>[] runs)
    {
        var rounded = Array.ConvertAll(_hidden, value => (float)(BFloat16)value);
        var expected = ReferenceMoe.Forward(rounded, GateUp, Down, _weights, _experts, _tokens, _shape.TopK, _shape.Hidden, _shape.Intermediate, _form);
        var bound = ExpertsErrorBound.Of(rounded, GateUp, Down, _weights, _experts, _tokens, _shape.TopK, _shape.Hidden, _shape.Intermediate, _form, ExpertArithmetic.TensorCores);
        foreach (var run in runs) ExpertsCase.RequireWithin(bound, expected, Run(run), $"{_random.Description}: {what}, {_tokens} tokens");
    }

    /// <summary>The result through any entry point.</summary>
    public float[] Run(ExpertsRunner<T> run)
    {
        var output = new float[_tokens * _shape.Hidden];
        output.AsSpan().Fill(Poison);
        using var expertWeights = Weights();
        run(_hidden, expertWeights, _weights, _experts, output, _tokens);
        return output;
    }

    public float[] Compare(float[] output, ExpertArithmetic arithmetic = ExpertArithmetic.Processor)
    {
        var (worst, place) = WorstError(output, arithmetic);
        if (worst > 1) Assert.Fail($"{_random.Description}: {_shape}, {_form.Activation}, {_tokens} tokens: output[{place}] is {output[place]}, expected {Expected()[place]}: {worst:F1} times what rounding explains");
        return output;
    }

    /// <summary>The largest error as a multiple of its bound, and where it is; infinite if an output is NaN.</summary>
    public (double Multiple, int Place) WorstError(float[] output, ExpertArithmetic arithmetic = ExpertArithmetic.Processor)
    {
        var (worst, place) = (0.0, 0);
        var (expected, bound) = (Expected(), ErrorBound(arithmetic));
        for (var i = 0; i < expected.Length; i++)
        {
            var error = Math.Abs(output[i] - expected[i]);
            var multiple = error == 0 ? 0 : double.IsNaN(error) ? double.PositiveInfinity : error / bound[i];
            if (multiple > worst) (worst, place) = (multiple, i);
        }

        return (worst, place);
    }

    /// <summary>Runs a kernel as if it forgot one term of some sums: those with the largest of eight weights of the first product's matrices, or of the second's.</summary>
    public float[] RunWithoutTerm(delegate*<in ExpertsArguments, void> kernel, bool second, int eight)
    {
        var matrix = second ? _down : _gateUp;
        var element = Enumerable.Range(8 * eight, 8).MaxBy(index => Math.Abs(Widen(matrix[index])));
        var weight = matrix[element];
        matrix[element] = default;
        var output = Run(kernel);
        matrix[element] = weight;
        return output;
    }

    /// <summary>The double-precision answer.</summary>
    public double[] Expected() => ReferenceMoe.Forward(_hidden, GateUp, Down, _weights, _experts, _tokens, _shape.TopK, _shape.Hidden, _shape.Intermediate, _form);

    private double[] ErrorBound(ExpertArithmetic arithmetic) =>
        ExpertsErrorBound.Of(_hidden, GateUp, Down, _weights, _experts, _tokens, _shape.TopK, _shape.Hidden, _shape.Intermediate, _form, arithmetic);

    private double GateUp(int expert, int row, int column) => Widen(_gateUp[(((expert * (_form.IsGated ? 2 : 1) * _shape.Intermediate) + row) * _shape.Hidden) + column]);

    private double Down(int expert, int row, int column) => Widen(_down[(((expert * _shape.Hidden) + row) * _shape.Intermediate) + column]);

    public float[] Run(delegate*<in ExpertsArguments, void> kernel)
    {
        var (_, k, h, _) = _shape;
        var output = new float[(_tokens * h) + (2 * Guard)];
        output.AsSpan().Fill(Poison);
        using var expertWeights = Weights();
        ExpertsCall.Create(
            new ReadOnlyTensorSpan<float>(_hidden, [_tokens, h]),
            expertWeights,
            new ReadOnlyTensorSpan<float>(_weights, [_tokens, k]),
            new ReadOnlyTensorSpan<int>(_experts, [_tokens, k]),
            new TensorSpan<float>(output, Guard, [_tokens, h], [])).Run(kernel, _form.IsGated, _biases is not null);

        Assert.All(output[..Guard], value => Assert.True(float.IsNaN(value)));
        Assert.All(output[^Guard..], value => Assert.True(float.IsNaN(value)));
        return output[Guard..^Guard];
    }

    /// <summary>Bytes that this thread allocates in repeated calls, the first few left out.</summary>
    public long AllocatedBy(ExpertsForward<T> forward, int calls)
    {
        var (_, k, h, _) = _shape;
        using var expertWeights = Weights();
        var result = new float[_tokens * h];
        var before = 0L;
        for (var call = -3; call < calls; call++)
        {
            if (call == 0) before = GC.GetAllocatedBytesForCurrentThread();
            forward(
                new ReadOnlyTensorSpan<float>(_hidden, [_tokens, h]), expertWeights, new ReadOnlyTensorSpan<float>(_weights, [_tokens, k]),
                new ReadOnlyTensorSpan<int>(_experts, [_tokens, k]), new TensorSpan<float>(result, [_tokens, h]));
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private ExpertWeights<T> Weights()
    {
        var (e, _, h, i) = _shape;
        return _form.IsGated ? ExpertWeights<T>.FromFused(_gateUp, _down, e, h, i, _biases) : ExpertWeights<T>.FromUngated(_gateUp, _down, e, h, i, _biases);
    }

    private static T[] Convert(float[] values)
    {
        if (typeof(T) == typeof(float)) return (T[])(object)values;
        if (typeof(T) == typeof(Half)) return (T[])(object)Array.ConvertAll(values, value => (Half)value);
        return (T[])(object)Array.ConvertAll(values, value => (BFloat16)value);
    }

    private static double Widen(T value) => value switch
    {
        BFloat16 wide => wide,
        Half half => (double)half,
        _ => (float)(object)value,
    };
}
