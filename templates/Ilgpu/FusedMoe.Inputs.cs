using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>
/// w8a8: the inputs of both products rounded to the type of the weights, as on the CPU. 8-bit floats are kept as their value times their
/// scale; 8-bit integers as integers, the scale of each row beside them.
/// </content>
internal static partial class FusedMoe<TWeight, TSum>
{
    [Specialize] private const ActivationQuantization InputQuantization = ActivationQuantization.None;

    /// <summary>Most neighbours of a row that share a scale; no row is longer than the largest.</summary>
    private const int InputGroup = InputQuantization == ActivationQuantization.DynamicGroup128 ? 128 : 1 << 20;

    private const float LargestInput = IntegerSums ? 127f : 448f;
    private const float SmallestMagnitude = 1e-10f;

    /// <summary>The largest magnitude of all hidden states, of rows that are finite.</summary>
    /// <param name="source">Hidden states [T, H].</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="largest">The bits of the largest magnitude so far, [1].</param>
    /// <param name="scales">Not used.</param>
    /// <param name="target">Not used.</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void MeasureHidden(
        ArrayView<float> source, ArrayView<int> experts, ArrayView<int> largest, ArrayView<float> scales, ArrayView<float> target, ExpertsSizes sizes) =>
        Measure(HiddenSize, source, Grid.IdxX * sizes.HiddenStride, largest);

    /// <summary>The same of intermediate states [slots, I] that have an expert.</summary>
    /// <inheritdoc cref="MeasureHidden"/>
    public static void MeasureIntermediate(
        ArrayView<float> source, ArrayView<int> experts, ArrayView<int> largest, ArrayView<float> scales, ArrayView<float> target, ExpertsSizes sizes)
    {
        if (IsExpert(ExpertOf(experts, sizes, Grid.IdxX))) Measure(IntermediateSize, source, Grid.IdxX * (long)IntermediateSize, largest);
    }

    /// <summary>Rounds hidden states.</summary>
    /// <param name="source">Hidden states [T, H].</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="largest">The bits of the largest magnitude of all tokens, [1], where they share a scale.</param>
    /// <param name="scales">Receives the scale of each row of integers, [T].</param>
    /// <param name="target">Receives the rounded numbers, [T, H].</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void RoundHidden(
        ArrayView<float> source, ArrayView<int> experts, ArrayView<int> largest, ArrayView<float> scales, ArrayView<float> target, ExpertsSizes sizes)
    {
        const int Groups = (HiddenSize + (InputGroup - 1)) / InputGroup;
        var token = Grid.IdxX / Groups;
        RoundGroup(HiddenSize, source, token * sizes.HiddenStride, token, Grid.IdxX % Groups, sizes.HiddenScale, largest, scales, target);
    }

    /// <summary>Rounds intermediate states [slots, I] that have an expert. The target may be the source.</summary>
    /// <inheritdoc cref="RoundHidden"/>
    public static void RoundIntermediate(
        ArrayView<float> source, ArrayView<int> experts, ArrayView<int> largest, ArrayView<float> scales, ArrayView<float> target, ExpertsSizes sizes)
    {
        const int Groups = (IntermediateSize + (InputGroup - 1)) / InputGroup;
        var slot = Grid.IdxX / Groups;
        if (!IsExpert(ExpertOf(experts, sizes, slot))) return;
        RoundGroup(IntermediateSize, source, slot * (long)IntermediateSize, slot, Grid.IdxX % Groups, sizes.ActivationScale, largest, scales, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Measure([Specialize] int width, ArrayView<float> source, long start, ArrayView<int> largest)
    {
        var magnitude = LargestMagnitude(source, start, width);
        if (Group.IdxX == 0 && magnitude < 0x7F80_0000) Atomic.Max(ref largest[0], magnitude);
    }

    /// <summary>A thread group rounds neighbours that share a scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RoundGroup(
        [Specialize] int width, ArrayView<float> source, long start, int row, int group, float knownScale, ArrayView<int> largest, ArrayView<float> scales, ArrayView<float> target)
    {
        var first = group * InputGroup;
        var count = IntrinsicMath.Min(InputGroup, width - first);
        var scale = knownScale;
        if (InputQuantization == ActivationQuantization.DynamicTensor) scale = InputScale(largest[0]);
        if (InputQuantization == ActivationQuantization.DynamicToken || InputQuantization == ActivationQuantization.DynamicGroup128)
            scale = InputScale(LargestMagnitude(source, start + first, count));
        for (var i = Group.IdxX; i < count; i += Group.DimX)
        {
            var quotient = source[start + first + i] / scale;
            var place = (row * (long)width) + first + i;
            if (IntegerSums) target.Cast<int>()[place] = StoredNumbers.RoundToInt(quotient);
            else target[place] = StoredNumbers.RoundToFloat8(quotient) * scale;
        }

        if (IntegerSums && Group.IdxX == 0) scales[row] = scale;
    }

    /// <summary>The bits of the largest magnitude; those of infinity or NaN if one of the numbers is that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LargestMagnitude(ArrayView<float> source, long start, int count)
    {
        var all = SharedMemory.Allocate<int>(ExpertsLaunch.ThreadsPerRow);
        var own = 0;
        for (var i = Group.IdxX; i < count; i += Group.DimX) own = IntrinsicMath.Max(own, (int)(Interop.FloatAsInt(source[start + i]) & 0x7FFF_FFFFu));
        all[Group.IdxX] = own;
        Group.Barrier();
        for (var half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (Group.IdxX < half) all[Group.IdxX] = IntrinsicMath.Max(all[Group.IdxX], all[Group.IdxX + half]);
            Group.Barrier();
        }

        return all[0];
    }

    /// <summary>NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float InputScale(int magnitude)
    {
        var value = Interop.IntAsFloat((uint)magnitude);
        return (value < SmallestMagnitude ? SmallestMagnitude : value) / LargestInput;
    }
}
