using System.Runtime.InteropServices;

namespace KernelGen;

/// <summary>
/// Quantises the weights of a layer. The scale s derives from the largest magnitude a = max(|w|, 1e-10) of the weights that share it:
/// s = a / 448 for <see cref="Float8E4M3"/>, a / 127 for <see cref="sbyte"/>, a / 7 around zero point 8 for
/// <see cref="Int4Pair"/>. w / s is rounded to nearest, ties to even.
/// </summary>
/// <typeparam name="T"><see cref="Float8E4M3"/>, <see cref="sbyte"/> or <see cref="Int4Pair"/>.</typeparam>
/// <remarks>Several threads may add different experts concurrently.</remarks>
public sealed unsafe class ExpertQuantizer<T> : IDisposable
    where T : unmanaged
{
    private const float SmallestMagnitude = 1e-10f;
    private const int BlockSize = 128;

    private readonly int _experts;
    private readonly int _hiddenSize;
    private readonly int _intermediateSize;
    private readonly WeightQuantization _quantization;
    private readonly int _groupSize;
    private readonly bool _gated;
    private readonly float[] _gateUpScales;
    private readonly float[] _downScales;
    private NativeBuffer<T>? _numbers;

    /// <summary>Allocates memory for a layer.</summary>
    /// <param name="experts">Number of experts E.</param>
    /// <param name="hiddenSize">Hidden size H.</param>
    /// <param name="intermediateSize">Intermediate size I.</param>
    /// <param name="quantization">Which weights share a scale.</param>
    /// <param name="groupSize">Number of weights per group, with <see cref="WeightQuantization.Group"/>.</param>
    /// <param name="gated">Whether the experts have up projections.</param>
    /// <exception cref="NotSupportedException">Weights of this type cannot be quantised.</exception>
    /// <exception cref="ArgumentException">A size is not positive, or is odd with 4-bit weights.</exception>
    public ExpertQuantizer(int experts, int hiddenSize, int intermediateSize, WeightQuantization quantization, int groupSize = 0, bool gated = true)
    {
        if (typeof(T) != typeof(Float8E4M3) && typeof(T) != typeof(sbyte) && typeof(T) != typeof(Int4Pair))
            throw new NotSupportedException($"weights of type {typeof(T).Name} cannot be quantised");
        if (quantization == WeightQuantization.None || !Enum.IsDefined(quantization))
            throw new ArgumentException($"quantization is {quantization}; expected a member that says which weights share a scale", nameof(quantization));
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hiddenSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(intermediateSize, 1);
        if (quantization == WeightQuantization.Group) ArgumentOutOfRangeException.ThrowIfLessThan(groupSize, 1);
        if (Packing == 2 && (hiddenSize % 2 != 0 || intermediateSize % 2 != 0))
            throw new ArgumentException($"H is {hiddenSize} and I is {intermediateSize}; 4-bit weights are stored in pairs, so both must be even", nameof(hiddenSize));
        (_experts, _hiddenSize, _intermediateSize, _quantization, _groupSize) = (experts, hiddenSize, intermediateSize, quantization, groupSize);
        _gated = gated;
        _gateUpScales = new float[experts * new ScaleGrid(quantization, groupSize, GateUpRows, hiddenSize).Count];
        _downScales = new float[experts * new ScaleGrid(quantization, groupSize, hiddenSize, intermediateSize).Count];
        _numbers = new NativeBuffer<T>(checked((nint)(3 * (long)experts * MatrixElements)));
    }

    private static int Packing => typeof(T) == typeof(Int4Pair) ? 2 : 1;

    private static float LargestNumber => typeof(T) == typeof(Float8E4M3) ? 448f : typeof(T) == typeof(sbyte) ? 127f : 7f;

    private int GateUpRows => _gated ? 2 * _intermediateSize : _intermediateSize;

    private long MatrixElements => (long)_hiddenSize * _intermediateSize / Packing;

    /// <summary>Quantises one expert.</summary>
    /// <param name="expert">Index of the expert.</param>
    /// <param name="gate">[I, H].</param>
    /// <param name="up">[I, H]; empty without up projections.</param>
    /// <param name="down">[H, I].</param>
    /// <returns>The largest difference between a weight and its quantised value.</returns>
    /// <exception cref="ArgumentException">A matrix has the wrong size, or a weight is not finite.</exception>
    public float Add(int expert, ReadOnlySpan<float> gate, ReadOnlySpan<float> up, ReadOnlySpan<float> down)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expert);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(expert, _experts);
        Require(gate, nameof(gate));
        if (_gated) Require(up, nameof(up));
        else if (!up.IsEmpty) throw new ArgumentException($"up holds {up.Length} weights; the experts have no up projections", nameof(up));
        Require(down, nameof(down));

        var gateUpGrid = new ScaleGrid(_quantization, _groupSize, GateUpRows, _hiddenSize);
        var gateUpScales = _gateUpScales.AsSpan(expert * gateUpGrid.Count, gateUpGrid.Count);
        Magnitudes(gate, 0, gateUpGrid, gateUpScales);
        Magnitudes(up, _intermediateSize, gateUpGrid, gateUpScales);
        ToScales(gateUpScales);

        var downGrid = new ScaleGrid(_quantization, _groupSize, _hiddenSize, _intermediateSize);
        var downScales = _downScales.AsSpan(expert * downGrid.Count, downGrid.Count);
        Magnitudes(down, 0, downGrid, downScales);
        ToScales(downScales);

        var error = Store(gate, 0, gateUpGrid, gateUpScales, Numbers(ExpertProjection.Gate, expert));
        error = Math.Max(error, Store(up, _intermediateSize, gateUpGrid, gateUpScales, Numbers(ExpertProjection.Up, expert)));
        return Math.Max(error, Store(down, 0, downGrid, downScales, Numbers(ExpertProjection.Down, expert)));
    }

    /// <summary>Returns the quantised layer, which takes ownership of the memory. The quantiser cannot be used afterwards.</summary>
    /// <param name="biases">The biases of the experts, or null.</param>
    public ExpertWeights<T> Build(ExpertBiases? biases = null)
    {
        ObjectDisposedException.ThrowIf(_numbers is null, this);
        var scales = _quantization switch
        {
            WeightQuantization.Tensor => ExpertScales.PerTensor(_gateUpScales, _downScales),
            WeightQuantization.Channel => ExpertScales.PerChannel(_gateUpScales, _downScales),
            WeightQuantization.Block128 => ExpertScales.PerBlock128(_gateUpScales, _downScales),
            _ => ExpertScales.PerGroup(_groupSize, _gateUpScales, _downScales),
        };
        var weights = ExpertWeights<T>.FromPointers(
            _hiddenSize, _intermediateSize, Addresses(ExpertProjection.Gate), _gated ? Addresses(ExpertProjection.Up) : [], Addresses(ExpertProjection.Down), _numbers, biases, scales);
        _numbers = null;
        return weights;
    }

    /// <summary>Frees memory that was not passed on by <see cref="Build"/>.</summary>
    public void Dispose()
    {
        _numbers?.Dispose();
        _numbers = null;
    }

    private static void Magnitudes(ReadOnlySpan<float> matrix, int firstRow, ScaleGrid grid, Span<float> magnitudes)
    {
        for (int i = 0, row = firstRow; i < matrix.Length; row++)
        {
            for (var column = 0; column < grid.Columns; column++, i++)
            {
                ref var magnitude = ref magnitudes[grid.IndexOf(row, column)];
                var value = Math.Abs(matrix[i]);
                if (!float.IsFinite(value)) throw new ArgumentException($"weight {i} is {matrix[i]}; only finite weights can be quantised", nameof(matrix));
                if (value > magnitude) magnitude = value;
            }
        }
    }

    private static void ToScales(Span<float> magnitudes)
    {
        foreach (ref var value in magnitudes) value = Math.Max(value, SmallestMagnitude) / LargestNumber;
    }

    private static float Store(ReadOnlySpan<float> matrix, int firstRow, ScaleGrid grid, ReadOnlySpan<float> scales, T* target)
    {
        var largest = 0f;
        for (int i = 0, row = firstRow; i < matrix.Length; row++)
        {
            for (var column = 0; column < grid.Columns; column++, i++)
            {
                var scale = scales[grid.IndexOf(row, column)];
                var error = Math.Abs((Store(matrix[i] / scale, target, i) * scale) - matrix[i]);
                if (error > largest) largest = error;
            }
        }

        return largest;
    }

    /// <summary>Quantises and stores a number; returns the stored value.</summary>
    private static float Store(float value, T* target, int index)
    {
        if (typeof(T) == typeof(Float8E4M3)) return ((Float8E4M3*)target)[index] = (Float8E4M3)value;
        var number = Math.Clamp((int)MathF.Round(value), -(int)LargestNumber, (int)LargestNumber);
        if (typeof(T) == typeof(sbyte)) return ((sbyte*)target)[index] = (sbyte)number;
        var pair = (byte*)target + (index / 2);
        *pair = index % 2 == 0 ? (byte)(number + 8) : (byte)(*pair | ((number + 8) << 4));
        return number;
    }

    private T* Numbers(ExpertProjection projection, int expert)
    {
        ObjectDisposedException.ThrowIf(_numbers is null, this);
        return _numbers.Start + ((((long)projection * _experts) + expert) * MatrixElements);
    }

    private nint[] Addresses(ExpertProjection projection)
    {
        var addresses = new nint[_experts];
        for (var expert = 0; expert < _experts; expert++) addresses[expert] = (nint)Numbers(projection, expert);
        return addresses;
    }

    private void Require(ReadOnlySpan<float> matrix, string argument)
    {
        var expected = (long)_hiddenSize * _intermediateSize;
        if (matrix.Length != expected) throw new ArgumentException($"{argument} holds {matrix.Length} weights; expected H · I = {expected}", argument);
    }

    /// <summary>The position of a weight's scale within the scales of its matrix.</summary>
    private readonly struct ScaleGrid
    {
        private readonly int _height;
        private readonly int _width;
        private readonly int _groups;

        public ScaleGrid(WeightQuantization quantization, int groupSize, int rows, int columns)
        {
            Columns = columns;
            _height = quantization switch { WeightQuantization.Tensor => rows, WeightQuantization.Block128 => BlockSize, _ => 1 };
            _width = quantization switch { WeightQuantization.Group => groupSize, WeightQuantization.Block128 => BlockSize, _ => columns };
            _groups = (columns + _width - 1) / _width;
            Count = checked((rows + _height - 1) / _height * _groups);
        }

        public int Columns { get; }

        public int Count { get; }

        public int IndexOf(int row, int column) => (row / _height * _groups) + (column / _width);
    }
}
