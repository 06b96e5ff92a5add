using System.Buffers;
using System.Runtime.InteropServices;
using KernelGen.Cpu;

namespace KernelGen;

/// <summary>
/// The weights of all experts of a layer, in place: one pointer per projection. Only biases are copied, so memory-mapped
/// checkpoints are read where they are. <c>Pack</c> alone copies weights, for layouts that kernels cannot read.
/// </summary>
/// <typeparam name="T">
/// Weight type: <see cref="float"/>, <see cref="Half"/> or <see cref="BFloat16"/>; with scales, <see cref="Float8E4M3"/>,
/// <see cref="sbyte"/> or <see cref="Int4Pair"/>, which holds two weights.
/// </typeparam>
public sealed unsafe partial class ExpertWeights<T> : IDisposable
    where T : unmanaged
{
    // Addresses of gate, up and down projections, of their scales and of their zero points: [9, E].
    private const int TableRows = 9;

    private readonly IDisposable[] _owners;
    private readonly void** _pointers;
    private readonly ExpertScales? _scales;
    private readonly int _upRowShift;
    private bool _disposed;

    private ExpertWeights(int experts, int hiddenSize, int intermediateSize, bool gated, ExpertBiases? biases, IDisposable[] owners, ExpertScales? scales = null)
    {
        RequireScales(scales is not null, scales is { HasZeroPoints: true });
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hiddenSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(intermediateSize, 1);
        Experts = experts;
        HiddenSize = hiddenSize;
        IntermediateSize = intermediateSize;
        IsGated = gated;
        Biases = biases;
        if (biases is not null) RequireBiases(biases);
        _scales = scales;
        _pointers = (void**)NativeMemory.AllocZeroed(TableRows * (nuint)experts, (nuint)sizeof(void*));
        _owners = scales is null ? owners : [.. owners, .. FillScales(scales, out _upRowShift)];
    }

    /// <summary>Frees the pointer table of weights that were not disposed.</summary>
    ~ExpertWeights() => NativeMemory.Free(_pointers);

    /// <summary>Number of experts E.</summary>
    public int Experts { get; }

    /// <summary>Hidden size H.</summary>
    public int HiddenSize { get; }

    /// <summary>Intermediate size I.</summary>
    public int IntermediateSize { get; }

    /// <summary>Whether there are up projections in addition to the gate projections.</summary>
    public bool IsGated { get; }

    /// <summary>The biases of the experts, or null.</summary>
    public ExpertBiases? Biases { get; }

    /// <summary>The addresses for kernels.</summary>
    /// <exception cref="ObjectDisposedException">The weights were disposed.</exception>
    internal ExpertPointers Pointers
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return new ExpertPointers
            {
                Owner = this,
                Experts = Experts,
                HiddenSize = HiddenSize,
                IntermediateSize = IntermediateSize,
                Gate = Gate,
                Up = Up,
                Down = Down,
                Scales = _scales,
                GateScales = GateScales,
                UpScales = UpScales,
                DownScales = DownScales,
                Gated = IsGated,
                Biases = Biases,
            };
        }
    }

    private void** Gate => _pointers;

    private void** Up => Table(1);

    private void** Down => Table(2);

    private ProjectionScales GateScales => ScalesAt(3);

    private ProjectionScales UpScales
    {
        get
        {
            var scales = ScalesAt(4);
            scales.RowShift = _upRowShift;
            return scales;
        }
    }

    private ProjectionScales DownScales => ScalesAt(5);

    private static int WeightsPerElement => typeof(T) == typeof(Int4Pair) ? 2 : 1;

    /// <summary>Uses fused tensors in place. They stay pinned until the weights are disposed.</summary>
    /// <param name="gateUp">[E, 2I, H], each expert's gate rows before its up rows.</param>
    /// <param name="down">[E, H, I].</param>
    /// <param name="experts">Number of experts E.</param>
    /// <param name="hiddenSize">Hidden size H.</param>
    /// <param name="intermediateSize">Intermediate size I.</param>
    /// <param name="biases">The biases of the experts, or null.</param>
    /// <param name="scales">The scales of quantised weights; null otherwise.</param>
    /// <exception cref="ArgumentException">
    /// A tensor has the wrong number of elements, 4-bit weights have rows of odd length, or scales are missing or unexpected for
    /// this weight type.
    /// </exception>
    public static ExpertWeights<T> FromFused(
        ReadOnlyMemory<T> gateUp, ReadOnlyMemory<T> down, int experts, int hiddenSize, int intermediateSize, ExpertBiases? biases = null, ExpertScales? scales = null)
    {
        RequireFused(gateUp.Length, 2L * experts * intermediateSize, hiddenSize, nameof(gateUp), "[E, 2I, H");
        RequireFused(down.Length, (long)experts * hiddenSize, intermediateSize, nameof(down), "[E, H, I");
        return Pinned(gateUp, down, experts, hiddenSize, intermediateSize, gated: true, biases, scales);
    }

    /// <summary>Uses the tensors of experts without up projections in place. They stay pinned until the weights are disposed.</summary>
    /// <param name="gate">The first projection, [E, I, H].</param>
    /// <param name="down">[E, H, I].</param>
    /// <param name="experts">Number of experts E.</param>
    /// <param name="hiddenSize">Hidden size H.</param>
    /// <param name="intermediateSize">Intermediate size I.</param>
    /// <param name="biases">The biases of the experts, or null.</param>
    /// <param name="scales">The scales of quantised weights, with I in place of 2I; null otherwise.</param>
    /// <exception cref="ArgumentException">A tensor has the wrong number of elements.</exception>
    public static ExpertWeights<T> FromUngated(
        ReadOnlyMemory<T> gate, ReadOnlyMemory<T> down, int experts, int hiddenSize, int intermediateSize, ExpertBiases? biases = null, ExpertScales? scales = null)
    {
        RequireFused(gate.Length, (long)experts * intermediateSize, hiddenSize, nameof(gate), "[E, I, H");
        RequireFused(down.Length, (long)experts * hiddenSize, intermediateSize, nameof(down), "[E, H, I");
        return Pinned(gate, down, experts, hiddenSize, intermediateSize, gated: false, biases, scales);
    }

    /// <summary>Uses one contiguous row-major matrix per projection and expert, for example those of a memory-mapped checkpoint.</summary>
    /// <param name="hiddenSize">Hidden size H.</param>
    /// <param name="intermediateSize">Intermediate size I.</param>
    /// <param name="gate">Address of each expert's gate projection [I, H].</param>
    /// <param name="up">Address of each expert's up projection [I, H]; empty if the experts have none.</param>
    /// <param name="down">Address of each expert's down projection [H, I].</param>
    /// <param name="owner">Keeps the memory alive; disposed with the weights.</param>
    /// <param name="biases">The biases of the experts, or null.</param>
    /// <param name="scales">The scales of quantised weights; null otherwise.</param>
    /// <exception cref="ArgumentException">
    /// The lists differ in length or contain a null address, 4-bit weights have rows of odd length, or scales of the right shape are
    /// missing or unexpected for this weight type.
    /// </exception>
    public static ExpertWeights<T> FromPointers(
        int hiddenSize, int intermediateSize, ReadOnlySpan<nint> gate, ReadOnlySpan<nint> up, ReadOnlySpan<nint> down, IDisposable? owner = null,
        ExpertBiases? biases = null, ExpertScales? scales = null)
    {
        RequireEven(hiddenSize, nameof(hiddenSize));
        RequireEven(intermediateSize, nameof(intermediateSize));
        if (!up.IsEmpty) RequireLength(up.Length, gate.Length, nameof(up), "[E]");
        RequireLength(down.Length, gate.Length, nameof(down), "[E]");
        var weights = new ExpertWeights<T>(gate.Length, hiddenSize, intermediateSize, !up.IsEmpty, biases, owner is null ? [] : [owner], scales);
        for (var expert = 0; expert < gate.Length; expert++)
        {
            if (gate[expert] == 0 || (weights.IsGated && up[expert] == 0) || down[expert] == 0) throw new ArgumentException($"expert {expert} has a null address", nameof(gate));
            weights.Gate[expert] = (void*)gate[expert];
            if (weights.IsGated) weights.Up[expert] = (void*)up[expert];
            weights.Down[expert] = (void*)down[expert];
        }

        return weights;
    }

    /// <summary>Copies one row of a projection as fp32: (number − zero point) · scale.</summary>
    /// <param name="projection">The matrix.</param>
    /// <param name="expert">Index of the expert.</param>
    /// <param name="row">Index of the row.</param>
    /// <param name="target">Receives H weights of a gate or up row, I weights of a down row.</param>
    /// <exception cref="ArgumentException">There is no such row, or the target has the wrong length.</exception>
    /// <exception cref="NotSupportedException">No kernel supports weights of this type.</exception>
    /// <exception cref="ObjectDisposedException">The weights were disposed.</exception>
    public void CopyRow(ExpertProjection projection, int expert, int row, Span<float> target)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var (rows, columns) = projection == ExpertProjection.Down ? (HiddenSize, IntermediateSize) : (IntermediateSize, HiddenSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)expert, (uint)Experts, nameof(expert));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)rows, nameof(row));
        if (projection == ExpertProjection.Up && !IsGated) throw new ArgumentException("the experts have no up projections", nameof(projection));
        RequireLength(target.Length, columns, nameof(target), projection == ExpertProjection.Down ? "[I]" : "[H]");
        var source = (T*)Table((int)projection)[expert] + ((nint)row * columns / WeightsPerElement);
        var scales = projection switch { ExpertProjection.Gate => GateScales, ExpertProjection.Up => UpScales, _ => DownScales };
        fixed (float* first = target) WeightRow.Widen(source, first, columns, row, _scales, scales, expert);
    }

    /// <summary>Unpins or releases the memory. Calls in progress must have completed.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        NativeMemory.Free(_pointers);
        foreach (var owner in _owners) owner.Dispose();
        GC.SuppressFinalize(this);
    }

    private void** Table(int row) => _pointers + ((nint)row * Experts);

    private ProjectionScales ScalesAt(int row) => _scales is null ? default : new ProjectionScales
    {
        Scales = (float**)Table(row),
        ZeroPoints = _scales.HasZeroPoints ? (byte**)Table(row + 3) : null,
    };

    private IDisposable[] FillScales(ExpertScales scales, out int upRowShift) =>
        scales.Fill(Experts, HiddenSize, IntermediateSize, IsGated, WeightsPerElement == 2, (GateScales, UpScales, DownScales), out upRowShift);

    /// <summary>Requires scales and zero points to be present or absent, as this weight type demands.</summary>
    internal static void RequireScales(bool hasScales, bool hasZeroPoints)
    {
        const string Argument = "scales";
        var isQuantized = typeof(T) == typeof(Float8E4M3) || typeof(T) == typeof(sbyte) || typeof(T) == typeof(Int4Pair);
        if (isQuantized != hasScales)
            throw new ArgumentException($"weights of type {typeof(T).Name} {(isQuantized ? "require scales" : "cannot have scales")}", Argument);
        if (hasZeroPoints && typeof(T) == typeof(Float8E4M3))
            throw new ArgumentException($"weights of type {nameof(Float8E4M3)} cannot have zero points", Argument);
    }

    private static void RequireEven(int width, string argument)
    {
        if (width % WeightsPerElement != 0) throw new ArgumentException($"{argument} is {width}; 4-bit weights are stored in pairs, so it must be even", argument);
    }

    private static void RequireFused(long actual, long rows, int columns, string argument, string shape)
    {
        RequireEven(columns, argument);
        RequireLength(actual, rows * columns / WeightsPerElement, argument, WeightsPerElement == 2 ? $"{shape} / 2]" : $"{shape}]");
    }

    private static ExpertWeights<T> Pinned(
        ReadOnlyMemory<T> gateUp, ReadOnlyMemory<T> down, int experts, int hiddenSize, int intermediateSize, bool gated, ExpertBiases? biases, ExpertScales? scales)
    {
        MemoryHandle gateUpHandle = gateUp.Pin(), downHandle = down.Pin();
        try
        {
            var weights = new ExpertWeights<T>(experts, hiddenSize, intermediateSize, gated, biases, [gateUpHandle, downHandle], scales);
            weights.SetAddresses((T*)gateUpHandle.Pointer, (T*)downHandle.Pointer);
            return weights;
        }
        catch
        {
            gateUpHandle.Dispose();
            downHandle.Dispose();
            throw;
        }
    }

    /// <summary>Sets the addresses of contiguous tensors [E, 2I, H], or [E, I, H] without up projections, and [E, H, I].</summary>
    private void SetAddresses(T* gateUp, T* down)
    {
        var matrix = (nint)HiddenSize * IntermediateSize / WeightsPerElement;
        var projections = IsGated ? 2 : 1;
        for (nint expert = 0; expert < Experts; expert++)
        {
            Gate[expert] = gateUp + (projections * expert * matrix);
            if (IsGated) Up[expert] = gateUp + (((2 * expert) + 1) * matrix);
            Down[expert] = down + (expert * matrix);
        }
    }

    private void RequireBiases(ExpertBiases biases)
    {
        var width = (IsGated ? 2L : 1L) * IntermediateSize;
        if (biases.Experts != Experts || biases.GateUpWidth != width || biases.DownWidth != HiddenSize)
        {
            throw new ArgumentException(
                $"biases are [{biases.Experts}, {biases.GateUpWidth}] and [{biases.Experts}, {biases.DownWidth}]; expected [{Experts}, {width}] and [{Experts}, {HiddenSize}]", nameof(biases));
        }
    }

    private static void RequireLength(long actual, long expected, string argument, string shape)
    {
        if (actual != expected) throw new ArgumentException($"{argument} holds {actual} elements; expected {shape} = {expected}", argument);
    }
}
