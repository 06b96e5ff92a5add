using System.Buffers;
using KernelGen.Cpu;

namespace KernelGen;

/// <summary>
/// The scales, and optionally zero points, of all experts' quantised weights. N is 2I for gate and up rows (I without up projection) and H for down
/// rows; K is H and I. Tensors are used in place. Weights created with them keep them pinned until they are disposed.
/// </summary>
public sealed unsafe class ExpertScales
{
    private const int BlockSize = 128;

    private readonly ReadOnlyMemory<float> _gateUp; // those of the gate only, if the up projections have their own
    private readonly ReadOnlyMemory<float>? _up;
    private readonly ReadOnlyMemory<float> _down;
    private readonly ReadOnlyMemory<byte> _gateUpZeroPoints;
    private readonly ReadOnlyMemory<byte> _upZeroPoints;
    private readonly ReadOnlyMemory<byte> _downZeroPoints;

    private ExpertScales(WeightQuantization quantization, ReadOnlyMemory<float> gateUp, ReadOnlyMemory<float> down, int groupSize = 0)
    {
        Quantization = quantization;
        GroupSize = groupSize;
        (_gateUp, _down) = (gateUp, down);
    }

    private ExpertScales(WeightQuantization quantization, ReadOnlyMemory<float> gate, ReadOnlyMemory<float> up, ReadOnlyMemory<float> down, int groupSize = 0)
        : this(quantization, gate, down, groupSize) => _up = up;

    private ExpertScales(
        int groupSize,
        ReadOnlyMemory<float> gateUp,
        ReadOnlyMemory<float> down,
        ReadOnlyMemory<byte> gateUpZeroPoints,
        ReadOnlyMemory<byte> downZeroPoints,
        ReadOnlyMemory<float>? up = null,
        ReadOnlyMemory<byte> upZeroPoints = default)
        : this(WeightQuantization.Group, gateUp, down, groupSize)
    {
        HasZeroPoints = true;
        _up = up;
        (_gateUpZeroPoints, _upZeroPoints, _downZeroPoints) = (gateUpZeroPoints, upZeroPoints, downZeroPoints);
    }

    /// <summary>Which weights share a scale.</summary>
    public WeightQuantization Quantization { get; }

    /// <summary>Number of weights of a row that share a scale, with <see cref="WeightQuantization.Group"/>; otherwise 0.</summary>
    public int GroupSize { get; }

    /// <summary>Whether groups have zero points. Otherwise the zero point is 8 for 4-bit weights and 0 for 8-bit weights.</summary>
    public bool HasZeroPoints { get; }

    /// <summary>The static scales of the inputs of the two GEMMs, if any.</summary>
    internal (float GateUp, float Down)? InputScales { get; private set; }

    /// <summary>One scale for each of an expert's two tensors.</summary>
    /// <param name="gateUp">[E].</param>
    /// <param name="down">[E].</param>
    public static ExpertScales PerTensor(ReadOnlyMemory<float> gateUp, ReadOnlyMemory<float> down) => new(WeightQuantization.Tensor, gateUp, down);

    /// <summary>The same for separate gate and up projections: one scale for each of an expert's three matrices.</summary>
    /// <param name="gate">[E].</param>
    /// <param name="up">[E].</param>
    /// <param name="down">[E].</param>
    public static ExpertScales PerTensor(ReadOnlyMemory<float> gate, ReadOnlyMemory<float> up, ReadOnlyMemory<float> down) =>
        new(WeightQuantization.Tensor, gate, up, down);

    /// <summary>One scale per row.</summary>
    /// <param name="gateUp">[E, 2I].</param>
    /// <param name="down">[E, H].</param>
    public static ExpertScales PerChannel(ReadOnlyMemory<float> gateUp, ReadOnlyMemory<float> down) => new(WeightQuantization.Channel, gateUp, down);

    /// <summary>The same for separate gate and up projections.</summary>
    /// <param name="gate">[E, I].</param>
    /// <param name="up">[E, I].</param>
    /// <param name="down">[E, H].</param>
    public static ExpertScales PerChannel(ReadOnlyMemory<float> gate, ReadOnlyMemory<float> up, ReadOnlyMemory<float> down) =>
        new(WeightQuantization.Channel, gate, up, down);

    /// <summary>One scale per block of 128 rows by 128 columns; the last ones may be smaller.</summary>
    /// <param name="gateUp">[E, ⌈2I / 128⌉, ⌈H / 128⌉].</param>
    /// <param name="down">[E, ⌈H / 128⌉, ⌈I / 128⌉].</param>
    public static ExpertScales PerBlock128(ReadOnlyMemory<float> gateUp, ReadOnlyMemory<float> down) => new(WeightQuantization.Block128, gateUp, down);

    /// <summary>The same for separate gate and up projections: the blocks of the up rows start anew, whatever I is.</summary>
    /// <param name="gate">[E, ⌈I / 128⌉, ⌈H / 128⌉].</param>
    /// <param name="up">[E, ⌈I / 128⌉, ⌈H / 128⌉].</param>
    /// <param name="down">[E, ⌈H / 128⌉, ⌈I / 128⌉].</param>
    public static ExpertScales PerBlock128(ReadOnlyMemory<float> gate, ReadOnlyMemory<float> up, ReadOnlyMemory<float> down) =>
        new(WeightQuantization.Block128, gate, up, down);

    /// <summary>One scale per group of <paramref name="groupSize"/> consecutive weights of a row; the last of a row may be smaller.</summary>
    /// <param name="groupSize">g.</param>
    /// <param name="gateUp">[E, 2I, ⌈H / g⌉].</param>
    /// <param name="down">[E, H, ⌈I / g⌉].</param>
    public static ExpertScales PerGroup(int groupSize, ReadOnlyMemory<float> gateUp, ReadOnlyMemory<float> down) =>
        new(WeightQuantization.Group, gateUp, down, PositiveGroup(groupSize));

    /// <summary>The same for separate gate and up projections.</summary>
    /// <param name="groupSize">g.</param>
    /// <param name="gate">[E, I, ⌈H / g⌉].</param>
    /// <param name="up">[E, I, ⌈H / g⌉].</param>
    /// <param name="down">[E, H, ⌈I / g⌉].</param>
    public static ExpertScales PerGroup(int groupSize, ReadOnlyMemory<float> gate, ReadOnlyMemory<float> up, ReadOnlyMemory<float> down) =>
        new(WeightQuantization.Group, gate, up, down, PositiveGroup(groupSize));

    /// <summary>One scale and one zero point per group: a weight is <c>(q − zero point) · scale</c>.</summary>
    /// <param name="groupSize">g.</param>
    /// <param name="gateUp">[E, 2I, ⌈H / g⌉].</param>
    /// <param name="down">[E, H, ⌈I / g⌉].</param>
    /// <param name="gateUpZeroPoints">
    /// 4-bit weights: [E, I, ⌈H / g⌉], rows 2n and 2n + 1 in the low and the high half of a byte. 8-bit weights: one signed
    /// byte each, [E, 2I, ⌈H / g⌉].
    /// </param>
    /// <param name="downZeroPoints">The same, [E, H / 2, ⌈I / g⌉] or [E, H, ⌈I / g⌉].</param>
    public static ExpertScales PerGroup(
        int groupSize, ReadOnlyMemory<float> gateUp, ReadOnlyMemory<float> down, ReadOnlyMemory<byte> gateUpZeroPoints, ReadOnlyMemory<byte> downZeroPoints) =>
        new(PositiveGroup(groupSize), gateUp, down, gateUpZeroPoints, downZeroPoints);

    /// <summary>The same for separate gate and up projections.</summary>
    /// <param name="groupSize">g.</param>
    /// <param name="gate">[E, I, ⌈H / g⌉].</param>
    /// <param name="up">[E, I, ⌈H / g⌉].</param>
    /// <param name="down">[E, H, ⌈I / g⌉].</param>
    /// <param name="gateZeroPoints">4-bit weights: [E, I / 2, ⌈H / g⌉]; 8-bit weights: [E, I, ⌈H / g⌉].</param>
    /// <param name="upZeroPoints">The same.</param>
    /// <param name="downZeroPoints">The same, [E, H / 2, ⌈I / g⌉] or [E, H, ⌈I / g⌉].</param>
    public static ExpertScales PerGroup(
        int groupSize,
        ReadOnlyMemory<float> gate,
        ReadOnlyMemory<float> up,
        ReadOnlyMemory<float> down,
        ReadOnlyMemory<byte> gateZeroPoints,
        ReadOnlyMemory<byte> upZeroPoints,
        ReadOnlyMemory<byte> downZeroPoints) => new(PositiveGroup(groupSize), gate, down, gateZeroPoints, downZeroPoints, up, upZeroPoints);

    /// <summary>
    /// Returns the same scales with static scales for the inputs of the two GEMMs (<see cref="ActivationQuantization.StaticTensor"/>).
    /// If a checkpoint has one per expert, pass the largest.
    /// </summary>
    /// <param name="gateUpInput">Scale of the hidden states.</param>
    /// <param name="downInput">Scale of the intermediate states.</param>
    /// <exception cref="ArgumentOutOfRangeException">A scale is not finite or not greater than 0.</exception>
    public ExpertScales WithInputScales(float gateUpInput, float downInput)
    {
        var scales = (ExpertScales)MemberwiseClone();
        scales.InputScales = (InputScale(gateUpInput, nameof(gateUpInput)), InputScale(downInput, nameof(downInput)));
        return scales;
    }

    /// <summary>Pins the tensors and fills in each expert's addresses.</summary>
    /// <exception cref="ArgumentException">A tensor has the wrong number of elements.</exception>
    internal IDisposable[] Fill(
        int experts, int hiddenSize, int intermediateSize, bool gated, bool packed, (ProjectionScales Gate, ProjectionScales Up, ProjectionScales Down) tables, out int upRowShift)
    {
        var (gate, up, down) = tables;
        if (_up is not null && !gated) throw new ArgumentException("the up projections have scales, but the experts have no up projections", "scales");
        var isFused = gated && _up is null;
        var gateUp = isFused ? "2I" : "I";
        upRowShift = isFused && Quantization == WeightQuantization.Block128 ? intermediateSize % BlockSize : 0;
        long gateUpScales = Count((isFused ? 2L : 1L) * intermediateSize, hiddenSize), downScales = Count(hiddenSize, intermediateSize);
        Require(_gateUp.Length, experts * gateUpScales, _up is null ? "gateUp scales" : "gate scales", Shape(gateUp, "H"));
        if (_up is { } own) Require(own.Length, experts * gateUpScales, "up scales", Shape(gateUp, "H"));
        Require(_down.Length, experts * downScales, "down scales", Shape("H", "I"));
        long perByte = packed ? 2 : 1;
        if (HasZeroPoints)
        {
            var shape = packed ? $"[E, {gateUp} / 2, ⌈H / {GroupSize}⌉]" : Shape(gateUp, "H");
            Require(_gateUpZeroPoints.Length, experts * gateUpScales / perByte, _up is null ? "gateUp zero points" : "gate zero points", shape);
            if (_up is not null) Require(_upZeroPoints.Length, experts * gateUpScales / perByte, "up zero points", shape);
            Require(_downZeroPoints.Length, experts * downScales / perByte, "down zero points", packed ? $"[E, H / 2, ⌈I / {GroupSize}⌉]" : Shape("H", "I"));
        }

        MemoryHandle gateUpHandle = _gateUp.Pin(), upHandle = _up.GetValueOrDefault().Pin(), downHandle = _down.Pin();
        MemoryHandle gateUpZeros = _gateUpZeroPoints.Pin(), upZeros = _upZeroPoints.Pin(), downZeros = _downZeroPoints.Pin();
        var upOffset = Quantization == WeightQuantization.Tensor ? 0 : FirstUp(intermediateSize, hiddenSize);
        for (var expert = 0; expert < experts; expert++)
        {
            gate.Scales[expert] = (float*)gateUpHandle.Pointer + (expert * gateUpScales);
            down.Scales[expert] = (float*)downHandle.Pointer + (expert * downScales);
            if (gated) up.Scales[expert] = isFused ? gate.Scales[expert] + upOffset : (float*)upHandle.Pointer + (expert * gateUpScales);
            if (!HasZeroPoints) continue;
            gate.ZeroPoints[expert] = (byte*)gateUpZeros.Pointer + (expert * gateUpScales / perByte);
            if (gated) up.ZeroPoints[expert] = isFused ? gate.ZeroPoints[expert] + (upOffset / perByte) : (byte*)upZeros.Pointer + (expert * gateUpScales / perByte);
            down.ZeroPoints[expert] = (byte*)downZeros.Pointer + (expert * downScales / perByte);
        }

        return [gateUpHandle, upHandle, downHandle, gateUpZeros, upZeros, downZeros];
    }

    private string Shape(string rows, string columns) => Quantization switch
    {
        WeightQuantization.Tensor => "[E]",
        WeightQuantization.Channel => $"[E, {rows}]",
        WeightQuantization.Block128 => $"[E, ⌈{rows} / 128⌉, ⌈{columns} / 128⌉]",
        _ => $"[E, {rows}, ⌈{columns} / {GroupSize}⌉]",
    };

    /// <summary>Number of scales of one expert's matrix.</summary>
    private long Count(long rows, long columns) => Quantization switch
    {
        WeightQuantization.Tensor => 1,
        WeightQuantization.Channel => rows,
        WeightQuantization.Block128 => Blocks(rows, BlockSize) * Blocks(columns, BlockSize),
        _ => rows * Blocks(columns, GroupSize),
    };

    /// <summary>Index of the first up row's scale; with blocks, that of the block that contains it.</summary>
    private long FirstUp(long gateRows, long columns) => Quantization == WeightQuantization.Block128
        ? gateRows / BlockSize * Blocks(columns, BlockSize)
        : Count(gateRows, columns);

    private static long Blocks(long count, long size) => (count + size - 1) / size;

    private static int PositiveGroup(int groupSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(groupSize, 1);
        return groupSize;
    }

    internal static float InputScale(float scale, string argument) => scale > 0 && float.IsFinite(scale)
        ? scale
        : throw new ArgumentOutOfRangeException(argument, scale, "an input scale must be finite and greater than 0");

    private static void Require(long actual, long expected, string what, string shape)
    {
        if (actual != expected) throw new ArgumentException($"the {what} hold {actual} elements; expected {shape} = {expected}", "scales");
    }
}
