using System.Numerics.Tensors;
using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Checks kernels of any weights.</summary>
internal static unsafe class QuantizedCase
{
    /// <summary>w8a8: the forms in which the inputs of both products are rounded.</summary>
    public static TheoryData<DType, WeightQuantization, ActivationQuantization> RoundedInputs => new()
    {
        { DType.Float8E4M3, WeightQuantization.Tensor, ActivationQuantization.StaticTensor },
        { DType.Float8E4M3, WeightQuantization.Tensor, ActivationQuantization.DynamicTensor },
        { DType.Float8E4M3, WeightQuantization.Channel, ActivationQuantization.DynamicToken },
        { DType.Float8E4M3, WeightQuantization.Block128, ActivationQuantization.DynamicGroup128 },
        { DType.Int8, WeightQuantization.Channel, ActivationQuantization.DynamicToken },
    };

    /// <summary>Runs the kernels of every vector width on the same random layer.</summary>
    public static void CheckEveryWidth(
        FusedMoeSpec spec, KernelAssembly kernels, int tokens, SeededRandom random, bool leaveSlotsOut = false, bool scalesApart = false)
    {
        if (spec.WeightType == DType.Int8) Check(new QuantizedCase<sbyte>(spec, tokens, random, leaveSlotsOut));
        else if (spec.WeightType == DType.Int4) Check(new QuantizedCase<Int4Pair>(spec, tokens, random, leaveSlotsOut));
        else Check(new QuantizedCase<Float8E4M3>(spec, tokens, random, leaveSlotsOut, scalesApart: scalesApart));

        void Check<T>(QuantizedCase<T> inputs)
            where T : unmanaged
        {
            foreach (var bits in spec.Family.VectorWidths(spec)) inputs.Check((delegate*<in ExpertsArguments, void>)kernels.Kernel(spec, bits), bits);
        }
    }
}

/// <summary>
/// Random stored numbers, scales and zero points, and the answer in double precision from exactly those numbers and equally rounded
/// inputs: what a kernel may differ by is the rounding of its sums, and what follows from that where an intermediate state lies at a tie.
/// </summary>
internal sealed class QuantizedCase<T>
    where T : unmanaged
{
    private readonly FusedMoeSpec _spec;
    private readonly SeededRandom _random;
    private readonly Matrix _gateUp;
    private readonly Matrix _down;
    private readonly float[] _hidden;
    private readonly float[] _weights;
    private readonly int[] _experts;
    private readonly int _tokens;
    private readonly ExpertForm _form;
    private readonly ExpertBiases? _biases;
    private readonly InputRounding? _rounding;
    private readonly Lazy<RoundedMoe> _expected;
    private readonly Lazy<double[]> _bound;

    public QuantizedCase(FusedMoeSpec spec, int tokens, SeededRandom random, bool leaveSlotsOut = false, int? spoiltToken = null, bool scalesApart = false)
    {
        (_spec, _tokens, _random) = (spec, tokens, random);
        _form = new ExpertForm(spec.Activation, spec.ActivationLimit, spec.RouterWeightOnInput);
        var projections = spec.IsGated ? 2 : 1;
        if (spec.Bias)
        {
            _form = _form with { GateUpBias = random.Normal(spec.Experts * projections * spec.IntermediateSize, 0.5f), DownBias = random.Normal(spec.Experts * spec.HiddenSize) };
            _biases = new ExpertBiases(_form.GateUpBias, _form.DownBias, spec.Experts);
        }

        // Static scales that let some numbers saturate, and others not.
        if (spec.ActivationQuantization != ActivationQuantization.None)
            _rounding = new InputRounding(spec.ActivationQuantization, spec.WeightType, random.Float(1f, 4f) / 448, random.Float(0.5f, 4f) / 448);
        _gateUp = new Matrix(spec, projections * spec.IntermediateSize, spec.HiddenSize, random, scalesApart ? spec.IntermediateSize : int.MaxValue);
        _down = new Matrix(spec, spec.HiddenSize, spec.IntermediateSize, random);
        _hidden = random.Normal(tokens * spec.HiddenSize, spec.Activation == MoeActivation.SiluAndMul ? 1f : 0.5f);
        if (spoiltToken is { } spoilt) _hidden[(spoilt * spec.HiddenSize) + (spec.HiddenSize / 2)] = float.NaN;
        _weights = random.Normal(tokens * spec.TopK);
        (_expected, _bound) = (new(() => Rounded(ReferenceMoe.ActivationError, ReferenceMoe.SumError)), new(Bound));
        _experts = [.. Enumerable.Range(0, tokens).SelectMany(_ => random.Permutation(spec.Experts).Take(spec.TopK).Select(expert => leaveSlotsOut && random.Int(0, 3) == 0 ? -1 : expert))];
    }

    public ExpertWeights<T> Weights()
    {
        var scales = _spec.Quantization switch
        {
            WeightQuantization.Tensor when _rounding is { Kind: ActivationQuantization.StaticTensor } =>
                ExpertScales.PerTensor(_gateUp.Scales, _down.Scales).WithInputScales(_rounding.HiddenScale, _rounding.ActivationScale),
            WeightQuantization.Tensor => ExpertScales.PerTensor(_gateUp.Scales, _down.Scales),
            WeightQuantization.Channel => ExpertScales.PerChannel(_gateUp.Scales, _down.Scales),
            WeightQuantization.Block128 when _gateUp.ScalesOfUpRows is { } up => ExpertScales.PerBlock128(_gateUp.Scales, up, _down.Scales),
            WeightQuantization.Block128 => ExpertScales.PerBlock128(_gateUp.Scales, _down.Scales),
            _ when _spec.ZeroPoints => ExpertScales.PerGroup(_spec.GroupSize, _gateUp.Scales, _down.Scales, _gateUp.ZeroPoints, _down.ZeroPoints),
            _ => ExpertScales.PerGroup(_spec.GroupSize, _gateUp.Scales, _down.Scales),
        };
        var (experts, hidden, intermediate) = (_spec.Experts, _spec.HiddenSize, _spec.IntermediateSize);
        return _spec.IsGated
            ? ExpertWeights<T>.FromFused(_gateUp.Numbers, _down.Numbers, experts, hidden, intermediate, _biases, scales)
            : ExpertWeights<T>.FromUngated(_gateUp.Numbers, _down.Numbers, experts, hidden, intermediate, _biases, scales);
    }

    public unsafe float[] Run(delegate*<in ExpertsArguments, void> kernel)
    {
        var output = new float[_tokens * _spec.HiddenSize];
        output.AsSpan().Fill(float.NaN);
        using var weights = Weights();
        ExpertsCall.Create(
            new ReadOnlyTensorSpan<float>(_hidden, [_tokens, _spec.HiddenSize]), weights, new ReadOnlyTensorSpan<float>(_weights, [_tokens, _spec.TopK]),
            new ReadOnlyTensorSpan<int>(_experts, [_tokens, _spec.TopK]), new TensorSpan<float>(output, [_tokens, _spec.HiddenSize]))
            .Run(kernel, _spec.IsGated, _spec.Bias, _rounding is { Kind: ActivationQuantization.StaticTensor });
        return output;
    }

    public float[] Run(ExpertsForward<T> forward, int splitK)
    {
        var output = new float[_tokens * _spec.HiddenSize];
        using var weights = Weights();
        forward(
            new ReadOnlyTensorSpan<float>(_hidden, [_tokens, _spec.HiddenSize]), weights, new ReadOnlyTensorSpan<float>(_weights, [_tokens, _spec.TopK]),
            new ReadOnlyTensorSpan<int>(_experts, [_tokens, _spec.TopK]), new TensorSpan<float>(output, [_tokens, _spec.HiddenSize]), splitK);
        return output;
    }

    /// <summary>Through any entry point, on any device.</summary>
    public float[] Run(ExpertsRunner<T> run)
    {
        var output = new float[_tokens * _spec.HiddenSize];
        output.AsSpan().Fill(float.NaN);
        using var weights = Weights();
        run(_hidden, weights, _weights, _experts, output, _tokens);
        return output;
    }

    /// <summary>Whether tensor cores keep 14 bits of the sums: those of <c>wgmma</c> for 8-bit floats.</summary>
    public bool Sums14Bits { get; init; }

    /// <inheritdoc cref="ExpertsCase{T}.CheckOnTensorCores"/>
    public void CheckOnTensorCores(string what, params ExpertsRunner<T>[] runs)
    {
        if (_rounding is not null)
        {
            CheckBytes(what, runs);
            return;
        }

        var rounded = Array.ConvertAll(_hidden, value => (float)(BFloat16)value);
        var expected = ReferenceMoe.Forward(rounded, _gateUp.Dequantized, _down.Dequantized, _weights, _experts, _tokens, _spec.TopK, _spec.HiddenSize, _spec.IntermediateSize, _form);
        var bound = ErrorBound(rounded, ExpertArithmetic.TensorCores);
        foreach (var run in runs) ExpertsCase.RequireWithin(bound, expected, Run(run), $"{_random.Description}: {what}, {_tokens} tokens");
    }

    /// <summary>Kernels that multiply bytes: exactly rounded inputs, sums on tensor cores, each slot's result in bfloat16.</summary>
    private void CheckBytes(string what, ExpertsRunner<T>[] runs)
    {
        const double OfBFloat16 = 1.0 / 256;
        var sumError = ReferenceMoe.SumError + (Sums14Bits ? ReferenceMoe.Sums14Bits : 0);
        var expected = Rounded(ReferenceMoe.ActivationErrorOnDevice, sumError);
        var bound = Enumerable.Range(0, expected.Output.Length).Select(i => expected.Slack[i] + (sumError * expected.Terms[i]) + (OfBFloat16 * expected.Results[i])).ToArray();
        foreach (var run in runs) ExpertsCase.RequireWithin(bound, expected.Output, Run(run), $"{_random.Description}: {what}, {_tokens} tokens");
    }

    private RoundedMoe Rounded(double activationError, double sumError) => ReferenceMoe.Forward(
        _hidden, _gateUp.Dequantized, _down.Dequantized, _weights, _experts, _tokens, _spec.TopK, _spec.HiddenSize, _spec.IntermediateSize, _form, _rounding, activationError, sumError);

    private double[] ErrorBound(float[] hidden, ExpertArithmetic arithmetic) =>
        ExpertsErrorBound.Of(hidden, _gateUp.Dequantized, _down.Dequantized, _weights, _experts, _tokens, _spec.TopK, _spec.HiddenSize, _spec.IntermediateSize, _form, arithmetic);

    public unsafe void Check(delegate*<in ExpertsArguments, void> kernel, int bits) => Compare(Run(kernel), $"{_spec.VariantName} at {bits} bits");

    /// <summary>What a kernel in single precision computes with.</summary>
    public ExpertArithmetic Arithmetic { get; init; }

    /// <summary>For kernels in single precision.</summary>
    public void Compare(float[] output, string what) => ExpertsCase.RequireWithin(_bound.Value, _expected.Value.Output, output, $"{_random.Description}: {what}, {_tokens} tokens");

    private double[] Bound()
    {
        if (_rounding is null) return ErrorBound(_hidden, Arithmetic);

        // Rounded inputs are few different numbers, and equal terms are rounded alike: nothing less than one rounding a term is certain.
        var ofTerms = (_spec.IntermediateSize + 8.0) / (1 << 24);
        return [.. _expected.Value.Slack.Zip(_expected.Value.Terms, (slack, terms) => slack + (ofTerms * terms))];
    }

    /// <summary>The matrices [E, N, K] of a projection. From row <c>apart</c> on, scales begin anew.</summary>
    private sealed class Matrix
    {
        private readonly FusedMoeSpec _spec;
        private readonly double[] _values;
        private readonly int _rows;
        private readonly int _columns;

        public Matrix(FusedMoeSpec spec, int rows, int columns, SeededRandom random, int apart = int.MaxValue)
        {
            (_spec, _rows, _columns) = (spec, rows, columns);
            var scaledRows = Math.Min(rows, apart);
            var groups = spec.Quantization switch { WeightQuantization.Block128 => (columns + 127) / 128, WeightQuantization.Group => (columns + spec.GroupSize - 1) / spec.GroupSize, _ => 1 };
            var scaleRows = spec.Quantization switch { WeightQuantization.Block128 => (scaledRows + 127) / 128, WeightQuantization.Tensor => 1, _ => rows };
            var width = spec.Quantization switch { WeightQuantization.Block128 => 128, WeightQuantization.Group => spec.GroupSize, _ => columns };
            var height = spec.Quantization switch { WeightQuantization.Block128 => 128, WeightQuantization.Tensor => rows, _ => 1 };
            var packing = spec.WeightType == DType.Int4 ? 2 : 1;
            var typical = spec.WeightType switch { DType.Int4 => spec.ZeroPoints ? 7f : 5f, DType.Int8 => 75f, _ => 150f };

            Scales = new float[spec.Experts * scaleRows * groups];
            for (var i = 0; i < Scales.Length; i++) Scales[i] = random.Float(0.5f, 1.5f) / (typical * MathF.Sqrt(columns));
            if (apart < rows) ScalesOfUpRows = [.. Scales.Select(scale => scale * random.Float(0.5f, 1.5f))];
            ZeroPoints = new byte[spec.Experts * rows * groups / packing];
            for (var i = 0; i < ZeroPoints.Length; i++) ZeroPoints[i] = packing == 2 ? (byte)random.Int(0, 255) : (byte)(sbyte)random.Int(-20, 20);
            Numbers = new T[spec.Experts * rows * columns / packing];
            for (var i = 0; i < Numbers.Length; i++) Numbers[i] = Number(random);

            _values = new double[spec.Experts * rows * columns];
            for (var i = 0; i < _values.Length; i++)
            {
                int column = i % columns, row = i / columns % rows, expert = i / columns / rows;
                var scales = row < apart ? Scales : ScalesOfUpRows!;
                var scale = scales[(((expert * scaleRows) + ((row < apart ? row : row - apart) / height)) * groups) + (column / width)];
                _values[i] = (Stored(i) - Zero(expert, row, column / width, groups)) * scale;
            }
        }

        public T[] Numbers { get; }

        public float[] Scales { get; }

        public float[]? ScalesOfUpRows { get; }

        public byte[] ZeroPoints { get; }

        public double Dequantized(int expert, int row, int column) => _values[(((expert * _rows) + row) * _columns) + column];

        private static T Number(SeededRandom random)
        {
            if (typeof(T) == typeof(sbyte)) return (T)(object)(sbyte)random.Int(-128, 127);
            if (typeof(T) == typeof(Int4Pair)) return (T)(object)new Int4Pair((byte)random.Int(0, 255));
            return (T)(object)random.Float8();
        }

        private double Stored(int index) => Numbers[typeof(T) == typeof(Int4Pair) ? index / 2 : index] switch
        {
            Int4Pair pair => index % 2 == 0 ? pair.Low : pair.High,
            sbyte number => number,
            Float8E4M3 number => number,
            var other => throw new NotSupportedException(other.ToString()),
        };

        private double Zero(int expert, int row, int group, int groups)
        {
            if (!_spec.ZeroPoints) return typeof(T) == typeof(Int4Pair) ? 8 : 0;
            if (typeof(T) == typeof(sbyte)) return (sbyte)ZeroPoints[(((expert * _rows) + row) * groups) + group];
            var pair = new Int4Pair(ZeroPoints[(((expert * _rows / 2) + (row / 2)) * groups) + group]);
            return row % 2 == 0 ? pair.Low : pair.High;
        }
    }
}
