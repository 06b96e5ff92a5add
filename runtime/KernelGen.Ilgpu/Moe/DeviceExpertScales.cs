using ILGPU;

namespace KernelGen.Ilgpu;

/// <summary>
/// The scales, and perhaps zero points, of all experts' quantised weights in a device's memory. Kernels know two forms: a scale for each row,
/// and a scale for each group of neighbours in each row, neighbouring rows side by side, as threads read them. Coarser scales are repeated.
/// N is 2I for gate and up rows (I where there are no up rows) and H for down rows, K is H and I.
/// </summary>
public sealed record DeviceExpertScales
{
    private DeviceExpertScales(WeightQuantization quantization, int groupSize, ArrayView<float> gateUp, ArrayView<float> down) =>
        (Quantization, GroupSize, GateUp, Down) = (quantization, groupSize, gateUp, down);

    /// <summary>Which weights share a scale, as declared.</summary>
    public WeightQuantization Quantization { get; }

    /// <summary>Weights of a row that share a scale, with <see cref="WeightQuantization.Group"/>; else 0.</summary>
    public int GroupSize { get; }

    /// <summary>Whether groups have zero points. Without, that of 4-bit weights is 8 and that of 8-bit weights 0.</summary>
    public bool HasZeroPoints => GateUpZeroPoints.Length > 0;

    /// <summary>Scales of gate and up projections: [E, N], or [E, ⌈K / g⌉, N].</summary>
    internal ArrayView<float> GateUp { get; }

    /// <summary>Scales of down projections, likewise.</summary>
    internal ArrayView<float> Down { get; }

    /// <summary>Zero points of gate and up projections, [E, ⌈K / g⌉, N]; nothing where there are none.</summary>
    internal ArrayView<sbyte> GateUpZeroPoints { get; private init; }

    /// <summary>Zero points of down projections, likewise.</summary>
    internal ArrayView<sbyte> DownZeroPoints { get; private init; }

    /// <summary>The scales of the two products' inputs, if they are known beforehand.</summary>
    internal (float GateUp, float Down)? InputScales { get; init; }

    /// <summary>Weights of a row that share a scale, of whatever form; 0 when all do.</summary>
    internal int Width => Quantization == WeightQuantization.Block128 ? 128 : GroupSize;

    /// <summary>For weights declared with <see cref="WeightQuantization.Tensor"/>: an expert's scale, once for each row.</summary>
    /// <param name="gateUp">[E, N].</param>
    /// <param name="down">[E, H].</param>
    public static DeviceExpertScales PerTensor(ArrayView<float> gateUp, ArrayView<float> down) => new(WeightQuantization.Tensor, 0, gateUp, down);

    /// <summary>For weights declared with <see cref="WeightQuantization.Channel"/>: one scale a row.</summary>
    /// <param name="gateUp">[E, N].</param>
    /// <param name="down">[E, H].</param>
    public static DeviceExpertScales PerChannel(ArrayView<float> gateUp, ArrayView<float> down) => new(WeightQuantization.Channel, 0, gateUp, down);

    /// <summary>For weights declared with <see cref="WeightQuantization.Block128"/>: a block's scale, once for each of its rows: kernels read that of any of them.</summary>
    /// <param name="gateUp">[E, ⌈H / 128⌉, N].</param>
    /// <param name="down">[E, ⌈I / 128⌉, H].</param>
    public static DeviceExpertScales PerBlock128(ArrayView<float> gateUp, ArrayView<float> down) => new(WeightQuantization.Block128, 0, gateUp, down);

    /// <summary>For weights declared with <see cref="WeightQuantization.Group"/>: one scale for each group of neighbours in a row, the groups of all rows side by side.</summary>
    /// <param name="groupSize">g.</param>
    /// <param name="gateUp">[E, ⌈H / g⌉, N].</param>
    /// <param name="down">[E, ⌈I / g⌉, H].</param>
    public static DeviceExpertScales PerGroup(int groupSize, ArrayView<float> gateUp, ArrayView<float> down)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(groupSize, 1);
        return new(WeightQuantization.Group, groupSize, gateUp, down);
    }

    /// <summary>The same with a zero point for each group: a weight is <c>(q − zero point) · scale</c>.</summary>
    /// <param name="groupSize">g.</param>
    /// <param name="gateUp">[E, ⌈H / g⌉, N].</param>
    /// <param name="down">[E, ⌈I / g⌉, H].</param>
    /// <param name="gateUpZeroPoints">[E, ⌈H / g⌉, N], a byte each for 4-bit weights too.</param>
    /// <param name="downZeroPoints">[E, ⌈I / g⌉, H].</param>
    /// <exception cref="ArgumentException">There is a zero point for only some of the scales.</exception>
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

    /// <summary>Scales of one projection of an expert.</summary>
    internal static long Count(int width, long rows, int columns) => width == 0 ? rows : (columns + width - 1) / width * rows;

    private static void RequireAsMany(in ArrayView<sbyte> zeroPoints, in ArrayView<float> scales, string argument)
    {
        if (zeroPoints.Length != scales.Length || zeroPoints.Length == 0)
            throw new ArgumentException($"{argument} has {zeroPoints.Length} elements; expected one for each of {scales.Length} scales", argument);
    }
}
