using ILGPU;

namespace KernelGen.Ilgpu;

/// <summary>
/// The scales, and optionally zero points, of all experts' quantised weights in device memory. Kernels support two layouts: one scale per row,
/// and one scale per group of consecutive weights of a row, with those of neighbouring rows adjacent, as threads read them. Coarser scales are repeated.
/// N is 2I for gate and up rows (I without up projection) and H for down rows; K is H and I.
/// </summary>
public sealed record DeviceExpertScales
{
    private DeviceExpertScales(WeightQuantization quantization, int groupSize, ArrayView<float> gateUp, ArrayView<float> down) =>
        (Quantization, GroupSize, GateUp, Down) = (quantization, groupSize, gateUp, down);

    /// <summary>Which weights share a scale, as declared.</summary>
    public WeightQuantization Quantization { get; }

    /// <summary>Number of weights of a row that share a scale, with <see cref="WeightQuantization.Group"/>; otherwise 0.</summary>
    public int GroupSize { get; }

    /// <summary>Whether groups have zero points. Otherwise the zero point is 8 for 4-bit weights and 0 for 8-bit weights.</summary>
    public bool HasZeroPoints => GateUpZeroPoints.Length > 0;

    /// <summary>Scales of gate and up projections: [E, N], or [E, ⌈K / g⌉, N].</summary>
    internal ArrayView<float> GateUp { get; }

    /// <summary>Scales of down projections, likewise.</summary>
    internal ArrayView<float> Down { get; }

    /// <summary>Zero points of gate and up projections, [E, ⌈K / g⌉, N]; empty if there are none.</summary>
    internal ArrayView<sbyte> GateUpZeroPoints { get; private init; }

    /// <summary>Zero points of down projections, likewise.</summary>
    internal ArrayView<sbyte> DownZeroPoints { get; private init; }

    /// <summary>The static scales of the inputs of the two GEMMs, if any.</summary>
    internal (float GateUp, float Down)? InputScales { get; init; }

    /// <summary>Number of weights of a row that share a scale, whatever the layout; 0 if all do.</summary>
    internal int Width => Quantization == WeightQuantization.Block128 ? 128 : GroupSize;

    /// <summary>For weights declared with <see cref="WeightQuantization.Tensor"/>: an expert's scale, repeated for each row.</summary>
    /// <param name="gateUp">[E, N].</param>
    /// <param name="down">[E, H].</param>
    public static DeviceExpertScales PerTensor(ArrayView<float> gateUp, ArrayView<float> down) => new(WeightQuantization.Tensor, 0, gateUp, down);

    /// <summary>For weights declared with <see cref="WeightQuantization.Channel"/>: one scale per row.</summary>
    /// <param name="gateUp">[E, N].</param>
    /// <param name="down">[E, H].</param>
    public static DeviceExpertScales PerChannel(ArrayView<float> gateUp, ArrayView<float> down) => new(WeightQuantization.Channel, 0, gateUp, down);

    /// <summary>For weights declared with <see cref="WeightQuantization.Block128"/>: a block's scale, repeated for each of its rows. Kernels may read that of any of them.</summary>
    /// <param name="gateUp">[E, ⌈H / 128⌉, N].</param>
    /// <param name="down">[E, ⌈I / 128⌉, H].</param>
    public static DeviceExpertScales PerBlock128(ArrayView<float> gateUp, ArrayView<float> down) => new(WeightQuantization.Block128, 0, gateUp, down);

    /// <summary>For weights declared with <see cref="WeightQuantization.Group"/>: one scale per group of consecutive weights of a row, with those of all rows adjacent.</summary>
    /// <param name="groupSize">g.</param>
    /// <param name="gateUp">[E, ⌈H / g⌉, N].</param>
    /// <param name="down">[E, ⌈I / g⌉, H].</param>
    public static DeviceExpertScales PerGroup(int groupSize, ArrayView<float> gateUp, ArrayView<float> down)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(groupSize, 1);
        return new(WeightQuantization.Group, groupSize, gateUp, down);
    }

    /// <summary>The same with a zero point per group: a weight is <c>(q − zero point) · scale</c>.</summary>
    /// <param name="groupSize">g.</param>
    /// <param name="gateUp">[E, ⌈H / g⌉, N].</param>
    /// <param name="down">[E, ⌈I / g⌉, H].</param>
    /// <param name="gateUpZeroPoints">[E, ⌈H / g⌉, N], one byte each, also for 4-bit weights.</param>
    /// <param name="downZeroPoints">[E, ⌈I / g⌉, H].</param>
    /// <exception cref="ArgumentException">The numbers of zero points and scales differ.</exception>
    public static DeviceExpertScales PerGroup(
        int groupSize, ArrayView<float> gateUp, ArrayView<float> down, ArrayView<sbyte> gateUpZeroPoints, ArrayView<sbyte> downZeroPoints)
    {
        RequireAsMany(gateUpZeroPoints, gateUp, nameof(gateUpZeroPoints));
        RequireAsMany(downZeroPoints, down, nameof(downZeroPoints));
        return PerGroup(groupSize, gateUp, down) with { GateUpZeroPoints = gateUpZeroPoints, DownZeroPoints = downZeroPoints };
    }

    /// <inheritdoc cref="ExpertScales.WithInputScales"/>
    public DeviceExpertScales WithInputScales(float gateUpInput, float downInput) =>
        this with { InputScales = (ExpertScales.InputScale(gateUpInput, nameof(gateUpInput)), ExpertScales.InputScale(downInput, nameof(downInput))) };

    /// <summary>Number of scales of one projection of an expert.</summary>
    internal static long Count(int width, long rows, int columns) => width == 0 ? rows : (columns + width - 1) / width * rows;

    private static void RequireAsMany(in ArrayView<sbyte> zeroPoints, in ArrayView<float> scales, string argument)
    {
        if (zeroPoints.Length != scales.Length || zeroPoints.Length == 0)
            throw new ArgumentException($"{argument} has {zeroPoints.Length} elements; expected one for each of {scales.Length} scales", argument);
    }
}
