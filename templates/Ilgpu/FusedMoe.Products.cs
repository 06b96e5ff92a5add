using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>The two products for devices of every kind: a thread multiplies one slot with a few rows of its expert's weights.</content>
internal static partial class FusedMoe<TWeight>
{
    private const int RowsOfThread = 4;

    /// <summary>Hidden states times gate and up projections.</summary>
    /// <param name="hidden">Hidden states [T, H].</param>
    /// <param name="gateUp">Gate and up projections [E, 2I, H].</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="sums">Receives the sums of each slice, [slices, slots, 2I].</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void MultiplyGateUp(ArrayView<float> hidden, ArrayView<TWeight> gateUp, ArrayView<int> experts, ArrayView<float> sums, ExpertSizes sizes)
    {
        var index = Index();
        var slots = sizes.Tokens * TopK;
        const int Items = ((2 * IntermediateSize) + RowsOfThread - 1) / RowsOfThread;
        if (index >= (long)Items * slots * SplitK) return;
        var firstRow = (int)(index % Items) * RowsOfThread;
        var slot = (int)(index / Items % slots);
        var slice = (int)(index / Items / slots);
        var expert = ExpertOf(experts, sizes, slot);
        if (!IsExpert(expert)) return;
        Multiply(hidden, slot / TopK * sizes.HiddenStride, gateUp, expert, 2 * IntermediateSize, HiddenSize, firstRow, slice, sums, ((long)slice * slots) + slot, 1f);
    }

    /// <summary>Intermediate states times the down projection, times the router weight.</summary>
    /// <param name="intermediate">Intermediate states [slots, I].</param>
    /// <param name="down">Down projections [E, H, I].</param>
    /// <param name="weights">Router weights [T, k].</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="sums">Receives the weighted sums of each slice, [slices, slots, H].</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void MultiplyDown(
        ArrayView<float> intermediate, ArrayView<TWeight> down, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> sums, ExpertSizes sizes)
    {
        var index = Index();
        var slots = sizes.Tokens * TopK;
        const int Items = (HiddenSize + RowsOfThread - 1) / RowsOfThread;
        if (index >= (long)Items * slots * SplitK) return;
        var firstRow = (int)(index % Items) * RowsOfThread;
        var slot = (int)(index / Items % slots);
        var slice = (int)(index / Items / slots);
        var expert = ExpertOf(experts, sizes, slot);
        if (!IsExpert(expert)) return;
        var weight = weights[(slot / TopK * sizes.WeightsStride) + (slot % TopK)];
        Multiply(intermediate, slot * (long)IntermediateSize, down, expert, HiddenSize, IntermediateSize, firstRow, slice, sums, ((long)slice * slots) + slot, weight);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(
        ArrayView<float> activations, long start, ArrayView<TWeight> matrices, int expert, [Specialize] int rows, [Specialize] int width, int firstRow, int slice,
        ArrayView<float> sums, long sumsRow, float factor)
    {
        var acc = Static.Array<float>(RowsOfThread);
        var row = Static.Array<long>(RowsOfThread);
        foreach (var r in Static.Range(RowsOfThread))
        {
            acc[r] = 0f;
            row[r] = (((long)expert * rows) + IntrinsicMath.Min(firstRow + r, rows - 1)) * width;
        }

        var end = (int)((slice + 1) * (long)width / SplitK);
        for (var i = (int)(slice * (long)width / SplitK); i < end; i++)
        {
            var activation = activations[start + i];
            foreach (var r in Static.Range(RowsOfThread)) acc[r] += activation * Logits.ToSingle(matrices[row[r] + i]);
        }

        foreach (var r in Static.Range(RowsOfThread))
        {
            if (firstRow + r < rows) sums[(sumsRow * rows) + firstRow + r] = acc[r] * factor;
        }
    }
}
