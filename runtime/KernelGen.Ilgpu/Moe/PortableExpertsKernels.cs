using System.ComponentModel;
using System.Reflection;
using ILGPU;
using ILGPU.Runtime;

namespace KernelGen.Ilgpu;

/// <summary>The portable kernels of one generated variant of experts, with fp32 or exact integer accumulators.</summary>
/// <typeparam name="TWeight">The type by which kernels handle weights.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class PortableExpertsKernels<TWeight>
    where TWeight : unmanaged
{
    private const int RowsOfLane = 4;

    private readonly DeclaredExperts _shape;
    private readonly (Product GateUp, Product Down)[] _products;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, ArrayView<float>, ExpertsSizes>> _activate;
    private readonly DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, ArrayView<float>, ExpertsSizes>> _combine;
    private readonly Rounding[] _rounding;

    /// <summary>Creates the kernels; nothing is loaded yet.</summary>
    /// <param name="variant">The variant.</param>
    /// <param name="shape">The declared sizes.</param>
    /// <param name="products">The two GEMMs for few slots, for few slots per expert and for many.</param>
    /// <param name="activate">Adds up slices and applies the activation.</param>
    /// <param name="combine">Adds up slices and slots.</param>
    /// <param name="rounding">Measures and quantises hidden states, then intermediate states; empty if neither is quantised.</param>
    public PortableExpertsKernels(
        KernelVariant variant,
        DeclaredExperts shape,
        (ExpertGemmKernel<TWeight> GateUp, ExpertGemmKernel<TWeight> Down)[] products,
        ExpertPhaseKernel<float> activate,
        ExpertPhaseKernel<float> combine,
        params (ExpertRoundingKernel Measure, ExpertRoundingKernel Round)[] rounding)
    {
        _shape = shape;
        _products = [.. products.Select((pair, form) => (Loader(pair.GateUp, form), Loader(pair.Down, form)))];
        _activate = new(variant.Name, activate);
        _combine = new(variant.Name, combine);
        _rounding = [.. rounding.Select(pair => new Rounding(new(variant.Name, pair.Measure, MeasureBytes), new(variant.Name, pair.Round, MeasureBytes)))];

        Product Loader(Delegate kernel, int form) => new(variant.Name, kernel, SharedBytes((ExpertTile)form));
    }

    /// <summary>The kernels' methods, for tools that inspect them.</summary>
    public IEnumerable<MethodInfo> Methods =>
        [.. _products.SelectMany(pair => new[] { pair.GateUp.Method, pair.Down.Method }), _activate.Method, _combine.Method, .. _rounding.SelectMany(pair => new[] { pair.Measure.Method, pair.Round.Method })];

    private static int MeasureBytes => ExpertsLaunch.ThreadsPerRow * sizeof(int);

    /// <summary>Selects the tile for a device and number of slots.</summary>
    internal ExpertTile Choose(Accelerator accelerator, long slots)
    {
        // Average slots per expert up to which a form is the fastest, measured on an H200 with 128 experts of 2048 by 768.
        const int FewSlots = 2, ManySlots = 64;
        if (accelerator.MaxNumThreadsPerGroup < Threads(ExpertTile.Narrow) || slots <= FewSlots * _shape.Experts) return ExpertTile.Rows;
        return slots <= (long)ManySlots * _shape.Experts || accelerator.MaxNumThreadsPerGroup < Threads(ExpertTile.Wide) ? ExpertTile.Narrow : ExpertTile.Wide;
    }

    /// <summary>Runs one of the GEMMs; <paramref name="sums"/> receives the sums of each slice.</summary>
    internal void Multiply(AcceleratorStream stream, ExpertTile tile, bool isDown, in ExpertOperands<TWeight> operands, in AlignedSlots slots, in ArrayView<float> sums, in ExpertsSizes sizes)
    {
        var (gateUp, down) = _products[(int)tile];
        var config = Extent(stream.Accelerator, tile, isDown ? _shape.HiddenSize : _shape.GateUpWidth, slots, sizes);
        (isDown ? down : gateUp).Launch(
            stream, config, operands.Inputs, operands.Matrices, operands.Scales, operands.ZeroPoints, operands.Experts, slots.Sorted, slots.BlockExperts, slots.Padded, sums, sizes);
    }

    /// <summary>Adds up the slices of the first GEMM and applies the activation.</summary>
    internal void Activate(AcceleratorStream stream, in ExpertPhase phase, in ArrayView<float> intermediate, in ExpertsSizes sizes) => _activate.Launch(
        stream, ExpertsLaunch.ForItems(stream.Accelerator, (long)sizes.Tokens * _shape.TopK * _shape.IntermediateSize),
        phase.Sums, phase.Scales, phase.Bias, phase.Weights, phase.Experts, phase.InputScales, intermediate, sizes);

    /// <summary>Adds up the slices of the second GEMM and the slots of each token.</summary>
    internal void Combine(AcceleratorStream stream, in ExpertPhase phase, in ArrayView<float> output, in ExpertsSizes sizes) => _combine.Launch(
        stream, ExpertsLaunch.ForItems(stream.Accelerator, (long)sizes.Tokens * _shape.HiddenSize),
        phase.Sums, phase.Scales, phase.Bias, phase.Weights, phase.Experts, phase.InputScales, output, sizes);

    /// <summary>Finds the largest magnitude of hidden or intermediate states, if all of them share a scale.</summary>
    internal void Measure(AcceleratorStream stream, bool isDown, in ArrayView<float> source, in ArrayView<int> experts, in ArrayView<int> largest, in ExpertsSizes sizes)
    {
        if (_shape.Inputs != ActivationQuantization.DynamicTensor) return;
        largest.MemSetToZero(stream);
        _rounding[isDown ? 1 : 0].Measure.Launch(stream, new KernelConfig(RowsOf(isDown, sizes), ThreadsPerRow(stream.Accelerator)), source, experts, largest, default, default, sizes);
    }

    /// <summary>Quantises hidden or intermediate states; integer rows also store their scales.</summary>
    internal void Round(
        AcceleratorStream stream, bool isDown, in ArrayView<float> source, in ArrayView<int> experts, in ArrayView<int> largest, in ArrayView<float> scales, in ArrayView<float> target, in ExpertsSizes sizes)
    {
        const int GroupWidth = 128;
        Measure(stream, isDown, source, experts, largest, sizes);
        var width = isDown ? _shape.IntermediateSize : _shape.HiddenSize;
        var groups = _shape.Inputs == ActivationQuantization.DynamicGroup128 ? (width + GroupWidth - 1) / GroupWidth : 1;
        _rounding[isDown ? 1 : 0].Round.Launch(
            stream, new KernelConfig(checked(RowsOf(isDown, sizes) * groups), ThreadsPerRow(stream.Accelerator)), source, experts, largest, scales, target, sizes);
    }

    private int RowsOf(bool isDown, in ExpertsSizes sizes) => checked(sizes.Tokens * (isDown ? _shape.TopK : 1));

    private static int ThreadsPerRow(Accelerator accelerator) => ExpertsLaunch.PowerOfTwo(accelerator, ExpertsLaunch.ThreadsPerRow);

    /// <summary>Slots per tile.</summary>
    internal static int TileSlots(ExpertTile tile) => tile == ExpertTile.Narrow ? ExpertsLaunch.NarrowSlots : ExpertsLaunch.WideSlots;

    // Each thread of a tile computes four slots by four rows.
    private static int Threads(ExpertTile tile) => TileSlots(tile) * ExpertsLaunch.TileRows / 16;

    private static int SharedBytes(ExpertTile tile)
    {
        const int Depth = 32, Padding = 4;
        return tile == ExpertTile.Rows
            ? RowsOfLane * ExpertsLaunch.ThreadsOfRows * sizeof(float)
            : Depth * (TileSlots(tile) + ExpertsLaunch.TileRows + (2 * Padding)) * sizeof(float);
    }

    private KernelConfig Extent(Accelerator accelerator, ExpertTile tile, int rows, in AlignedSlots slots, in ExpertsSizes sizes)
    {
        if (tile != ExpertTile.Rows)
            return new(checked((int)(slots.BlockExperts.Length * Parts(rows, ExpertsLaunch.TileRows) * _shape.SplitK)), Threads(tile));
        var threads = ExpertsLaunch.PowerOfTwo(accelerator, ExpertsLaunch.ThreadsOfRows);
        var rowsOfGroup = threads / Math.Min(threads, ExpertsLaunch.LanesPerRow) * RowsOfLane;
        return new(checked((int)((long)sizes.Tokens * _shape.TopK * Parts(rows, rowsOfGroup) * _shape.SplitK)), threads);
    }

    private static long Parts(int count, int size) => (count + size - 1) / size;

    private sealed class Product(string name, Delegate kernel, int sharedBytes)
        : DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<TWeight>, ArrayView<float>, ArrayView<sbyte>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<float>, ExpertsSizes>>(name, kernel, sharedBytes);

    private sealed record Rounding(
        DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<float>, ArrayView<float>, ExpertsSizes>> Measure,
        DeviceKernel<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<int>, ArrayView<int>, ArrayView<float>, ArrayView<float>, ExpertsSizes>> Round);
}

/// <summary>The tile of a GEMM.</summary>
internal enum ExpertTile
{
    /// <summary>One slot by a few rows.</summary>
    Rows,

    /// <summary>16 slots of an expert by 64 rows.</summary>
    Narrow,

    /// <summary>64 slots of an expert by 64 rows.</summary>
    Wide,
}
