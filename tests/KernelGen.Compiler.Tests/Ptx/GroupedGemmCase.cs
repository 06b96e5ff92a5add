using System.Numerics;
using System.Runtime.InteropServices;
using KernelGen.Compiler.Ptx;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>A grouped GEMM of random numbers, run by <see cref="PtxMachine"/> and computed by its definition.</summary>
internal sealed class GroupedGemmCase
{
    private const int Experts = 3;
    private const float Untouched = -77;
    private const byte UntouchedByte = 0x55;

    // Intermediate states that share a scale.
    private const int GroupOfOutput = 128;

    // As many of a persistent kernel as a device would hold: too few for all tiles.
    private const int ResidentGroups = 5;

    private readonly GroupedGemmShape _shape;
    private readonly GroupedGemmTile _tile;
    private readonly int _tokens;
    private readonly byte[] _activations;
    private readonly byte[] _weights;
    private readonly float[] _inputScales;
    private readonly float[] _scales;
    private readonly sbyte[] _zeroPoints;
    private readonly float[] _biases;
    private readonly float[] _routerWeights;
    private readonly int[] _experts;
    private readonly int _seed;
    private readonly bool _hasEmptyBlock;
    private readonly double[] _rows;
    private readonly double[] _columns;

    public GroupedGemmCase(GroupedGemmShape shape, GroupedGemmTile tile, SeededRandom random, int tokens = 29)
    {
        (_shape, _tile, _tokens) = (shape, tile, tokens);
        var rows = IsGateUp ? tokens : Slots;
        _activations = Numbers(rows, 1f, shape.QuantizedInputs ? shape.WeightType : DType.BFloat16);
        _weights = Numbers(Experts * shape.Columns, 0.05f, shape.WeightType);
        _inputScales = Scales(rows * Groups);
        // Other kernels do not ask whether rows share scales.
        var (scales, scaledRows) = (Scales(Experts * shape.Columns * Groups), tile.Core == TensorCore.WgmmaBytes ? shape.ScaledRows : 1);
        _scales = [.. scales.Select((_, i) => scales[i - (i % shape.Columns % scaledRows)])];
        _zeroPoints = [.. Enumerable.Range(0, shape.ZeroPoints ? Experts * shape.Columns * Groups : 0).Select(_ => (sbyte)(shape.WeightType == DType.Int4 ? random.Int(0, 15) : random.Int(-128, 127)))];
        _biases = random.Normal(Experts * shape.Columns);
        _routerWeights = random.Normal(Slots);

        // The last expert has a single slot, and some slots have none.
        _experts = [.. Enumerable.Range(0, Slots).Select(slot => slot == 5 ? Experts - 1 : random.Int(-1, Experts - 2))];
        (_seed, _hasEmptyBlock) = (random.Int(0, int.MaxValue - 1), random.Bool());
        (_rows, _columns) = (Rows(rows), Columns());

        float[] Scales(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Float(0.5f, 1.5f))];

        byte[] Numbers(int rows, float scale, DType type)
        {
            // As wide as normal numbers, and quicker to have.
            float[] values = [.. Enumerable.Range(0, rows * shape.Reduction).Select(_ => random.Float(-1.7f * scale, 1.7f * scale))];
            return type switch
            {
                DType.BFloat16 => MemoryMarshal.AsBytes(Array.ConvertAll(values, value => (BFloat16)value).AsSpan()).ToArray(),
                DType.Float16 => MemoryMarshal.AsBytes(Array.ConvertAll(values, value => (Half)value).AsSpan()).ToArray(),
                DType.Int4 => [.. values.Chunk(2).Select(pair => (byte)(Nibble(pair[0] / scale) | (Nibble(pair[1] / scale) << 4)))],
                DType.Int8 => Array.ConvertAll(values, value => (byte)(sbyte)Math.Clamp(value / scale * 50, -128, 127)),
                _ => Array.ConvertAll(values, value => ((Float8E4M3)value).Bits),
            };
        }
    }

    private static int Nibble(float value) => Math.Clamp((int)(8 + (3 * value)), 0, 15);

    private int Slots => _tokens * _shape.TopK;

    private int Groups => _shape.GroupSize == 0 ? 1 : (_shape.Reduction + _shape.GroupSize - 1) / _shape.GroupSize;

    private bool IsGateUp => _shape.Product == ExpertProduct.GateUp;

    /// <summary>Whether the output are sums that the phase which adds up the slices scales.</summary>
    private bool IsBare => IsGateUp && _tile.SplitK > 1;

    private bool IsInteger => _shape is { QuantizedInputs: true, WeightType: DType.Int8 };

    private bool StoresActivated => IsGateUp && _tile.SplitK == 1;

    private bool StoresBFloat16 => _tile.SplitK == 1 && !(IsGateUp && _shape.QuantizedInputs);

    /// <summary>Requires that the kernel's output is that of the definition.</summary>
    /// <param name="edit">What to make of the kernel before.</param>
    public void Check(Func<string, string>? edit = null)
    {
        var text = GroupedGemm.Write(_shape, _tile);
        var machine = new PtxMachine(edit is null ? text : edit(text), _seed);
        var sorted = Enumerable.Range(0, Experts).Select(expert => Enumerable.Range(0, Slots).Where(slot => _experts[slot] == expert).ToArray()).ToArray();
        var blocks = sorted.SelectMany((slots, expert) => slots.Chunk(_tile.BlockM).Select(block => (Expert: expert, Slots: block.Concat(Enumerable.Repeat(Slots, _tile.BlockM - block.Length)).ToArray()))).ToList();
        if (_hasEmptyBlock) blocks.Insert(Math.Min(1, blocks.Count), (0, [.. Enumerable.Repeat(Slots, _tile.BlockM)]));
        var columns = StoresActivated ? _shape.IntermediateSize : _shape.Columns;
        var length = _tile.SplitK * Slots * columns;
        var rounds = GroupedGemm.RoundsOutput(_shape, _tile);
        var output = rounds ? machine.Allocate(Enumerable.Repeat(UntouchedByte, length).ToArray())
            : StoresBFloat16 ? machine.Allocate(Enumerable.Repeat((BFloat16)Untouched, length).ToArray())
            : machine.Allocate(Enumerable.Repeat(Untouched, length).ToArray());
        var weights = machine.Allocate(_weights);
        if (GroupedGemm.FetchesWeights(_shape, _tile)) weights = machine.Describe(PtxTensorMap.OfWeights(weights, _shape.QuantizedInputs ? _shape.Reduction / 2 : _shape.Reduction, GroupedGemm.Fetched(_shape, _tile, Experts)));

        // The kernel before the second product has waited for the slots itself.
        var isOfKernelBefore = _tile.Chained && IsGateUp;
        List<ulong> arguments =
        [
            machine.Allocate(_activations, _tile.Chained), weights, output, machine.Allocate(blocks.SelectMany(block => block.Slots).ToArray(), isOfKernelBefore),
            machine.Allocate(blocks.Select(block => block.Expert).ToArray(), isOfKernelBefore), machine.Allocate(new[] { blocks.Count * _tile.BlockM }, isOfKernelBefore),
            machine.Allocate(_routerWeights), (ulong)Slots, machine.Allocate(_biases), machine.Allocate(_scales), machine.Allocate(_zeroPoints),
        ];
        if (_shape.QuantizedInputs) arguments.Add(machine.Allocate(_inputScales, _tile.Chained));
        var outputScales = machine.Allocate(Enumerable.Repeat(Untouched, length / GroupOfOutput).ToArray());
        if (rounds) arguments.Add(outputScales);
        var turns = (blocks.Count + _tile.GroupM - 1) / _tile.GroupM * _tile.GroupM;
        var isPersistent = _tile.PersistentGroups > 0;
        var groups = isPersistent ? ResidentGroups / _tile.Cluster * _tile.Cluster : turns * _shape.Columns / _tile.BlockN;
        machine.Launch(groups, isPersistent ? 1 : _tile.SplitK, GroupedGemm.SharedBytes(_shape, _tile), [.. arguments]);
        if (rounds)
        {
            CheckRounded(machine.Read<byte>(output, length), machine.Read<float>(outputScales, length / GroupOfOutput));
            return;
        }

        var result = StoresBFloat16 ? Array.ConvertAll(machine.Read<BFloat16>(output, length), value => (float)value) : machine.Read<float>(output, length);
        var untouched = Untouched;
        if (IsBare && IsInteger) (result, untouched) = (Array.ConvertAll(result, value => (float)BitConverter.SingleToInt32Bits(value)), BitConverter.SingleToInt32Bits(Untouched));

        for (var slot = 0; slot < Slots; slot++)
        {
            for (var column = 0; column < columns; column++)
            {
                var sum = 0.0;
                for (var slice = 0; slice < _tile.SplitK; slice++)
                {
                    var value = result[(((slice * Slots) + slot) * columns) + column];
                    if (_experts[slot] < 0 && value != untouched) Assert.Fail($"slot {slot} has no expert, and {value} in column {column}");
                    sum += value;
                }

                if (_experts[slot] >= 0) AssertNear(Expected(slot, column), sum, slot, column);
            }
        }
    }

    /// <summary>Requires the nearest bytes, and scales with which the largest of them is the largest there is.</summary>
    private void CheckRounded(byte[] numbers, float[] scales)
    {
        for (var group = 0; group < scales.Length; group++)
        {
            var (first, scale) = (group * GroupOfOutput, scales[group]);
            var (slot, column) = (first / _shape.IntermediateSize, first % _shape.IntermediateSize);
            if (_experts[slot] < 0)
            {
                Assert.Equal(Untouched, scale);
                Assert.All(numbers.AsSpan(first, GroupOfOutput).ToArray(), value => Assert.Equal(UntouchedByte, value));
                continue;
            }

            var expected = Enumerable.Range(column, GroupOfOutput).Select(place => Expected(slot, place)).ToArray();
            var largest = expected.MaxBy(value => Math.Abs(value.Value));
            Assert.Equal(Math.Abs(largest.Value) / 448, scale, (largest.Terms * 1e-6) + 1e-12);
            for (var i = 0; i < GroupOfOutput; i++)
            {
                // Half a step: 2⁻⁴ of a number, or 2⁻¹⁰ where numbers are subnormal.
                var (value, terms) = expected[i];
                var error = (Math.Max(Math.Abs(value) / 16, scale / 1024.0) * 1.001) + (terms * 1e-6);
                var actual = new Float8E4M3(numbers[first + i]) * (double)scale;
                if (!(Math.Abs(actual - value) <= error)) Assert.Fail($"slot {slot}, column {column + i} is {actual}; expected {value} within {error}");
            }
        }
    }

    private void AssertNear((double Value, double Terms) expected, double actual, int slot, int column)
    {
        // Sums of the machine are rounded once a product of matrices.
        var error = (expected.Terms * 1e-6) + (StoresBFloat16 ? Math.Abs(expected.Value) / 256 : 0);
        if (!(Math.Abs(actual - expected.Value) <= error)) Assert.Fail($"slot {slot}, column {column} is {actual}; expected {expected.Value} within {error}");
    }

    /// <summary>What a slot's column is, and the sum of the terms' magnitudes.</summary>
    private (double Value, double Terms) Expected(int slot, int column)
    {
        if (!StoresActivated) return Sum(slot, column);
        var gate = Sum(slot, column);
        var up = _shape.IsGated ? Sum(slot, _shape.IntermediateSize + column) : (Value: 1, Terms: 0);
        var value = new ExpertForm(_shape.Activation, _shape.ActivationLimit).Activate(gate.Value, up.Value);
        var slope = 1 + Math.Abs(_shape.Activation == MoeActivation.Relu2 ? gate.Value : up.Value);
        return (value, (4 * (gate.Terms + up.Terms) * slope) + (gate.Terms * up.Terms));
    }

    private (double Value, double Terms) Sum(int slot, int column)
    {
        var (expert, row) = (_experts[slot], IsGateUp ? slot / _shape.TopK : slot);
        var (sums, magnitudes) = (Vector<double>.Zero, Vector<double>.Zero);
        var left = _rows.AsSpan(row * _shape.Reduction, _shape.Reduction);
        var right = _columns.AsSpan(((expert * _shape.Columns) + column) * _shape.Reduction, _shape.Reduction);
        for (var k = 0; k < left.Length; k += Vector<double>.Count)
        {
            var products = new Vector<double>(left[k..]) * new Vector<double>(right[k..]);
            (sums, magnitudes) = (sums + products, magnitudes + Vector.Abs(products));
        }

        var (sum, terms) = (Vector.Sum(sums), Vector.Sum(magnitudes));
        if (IsBare) return (sum, terms);
        if (IsGateUp && _shape.RouterWeightOnInput) (sum, terms) = (sum * _routerWeights[slot], terms * Math.Abs(_routerWeights[slot]));
        if (_shape.Bias) (sum, terms) = (sum + _biases[(expert * _shape.Columns) + column], terms + 1);
        return IsGateUp || _shape.RouterWeightOnInput ? (sum, terms) : (sum * _routerWeights[slot], terms * Math.Abs(_routerWeights[slot]));
    }

    /// <summary>The activations as numbers, with those scales that the kernel applies.</summary>
    private double[] Rows(int rows)
    {
        var numbers = Decoded(_activations, rows * _shape.Reduction, _shape.QuantizedInputs ? _shape.WeightType : DType.BFloat16);
        if (!_shape.QuantizedInputs || (IsBare && IsInteger)) return numbers;
        for (var i = 0; i < numbers.Length; i++) numbers[i] *= _inputScales[(i / _shape.Reduction * Groups) + GroupOf(i)];
        return numbers;
    }

    /// <summary>The weights of all experts, likewise.</summary>
    private double[] Columns()
    {
        var numbers = Decoded(_weights, Experts * _shape.Columns * _shape.Reduction, _shape.WeightType);
        for (var i = 0; i < numbers.Length; i++)
        {
            var row = i / _shape.Reduction;
            var group = (((row / _shape.Columns * Groups) + GroupOf(i)) * _shape.Columns) + (row % _shape.Columns);
            numbers[i] -= Zero(group);
            if (_shape.GroupSize != 0) numbers[i] *= _scales[group];
            else if (HasRowScales && !IsBare) numbers[i] *= _scales[row];
        }

        return numbers;
    }

    private int GroupOf(int element) => _shape.GroupSize == 0 ? 0 : element % _shape.Reduction / _shape.GroupSize;

    private bool HasRowScales => _shape.WeightType is not (DType.BFloat16 or DType.Float16);

    private double Zero(int group) => _shape.ZeroPoints ? _zeroPoints[group] : _shape.WeightType == DType.Int4 ? 8 : 0;

    private static double[] Decoded(byte[] bytes, int count, DType type)
    {
        var numbers = new double[count];
        for (var i = 0; i < count; i++)
        {
            numbers[i] = type switch
            {
                DType.Float16 => (double)MemoryMarshal.Cast<byte, Half>(bytes)[i],
                DType.Int4 => (bytes[i / 2] >> (4 * (i % 2))) & 15,
                DType.BFloat16 => MemoryMarshal.Cast<byte, BFloat16>(bytes)[i],
                DType.Int8 => (sbyte)bytes[i],
                _ => new Float8E4M3(bytes[i]),
            };
        }

        return numbers;
    }
}
