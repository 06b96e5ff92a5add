using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <summary>
/// Experts of one neuron each on a device: out[t] = Σ silu(x[t] · U[e]) · g · D[e]. A group has a token: its warps take the
/// products of slots with U in turn, then its threads the columns of the sum over D. Every slot reads one row of U and one of
/// D, so memory bounds it.
/// </summary>
/// <remarks>A slot whose id is no expert's adds nothing.</remarks>
[KernelTemplate]
internal static partial class OmniExperts
{
    [Specialize] private const int Experts = 1024;
    [Specialize] private const int TopK = 16;
    [Specialize] private const int HiddenSize = 1024;

    /// <summary>Numbers that a thread reads at once where rows are aligned, 4 or 1.</summary>
    [Specialize] private const int VectorWidth = 4;

    private const int WarpLanes = 32;
    private const int NoExpert = -1;

    /// <summary>A group for each token; rows are aligned to <see cref="VectorWidth"/> elements.</summary>
    public static void RunGroup(
        ArrayView<float> hidden, ArrayView<float> up, ArrayView<float> down, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> output, OmniExpertsSizes sizes)
    {
        var ids = SharedMemory.Allocate<int>(TopK);
        var factors = SharedMemory.Allocate<float>(TopK);
        ForwardGroup(VectorWidth, hidden, up, down, weights, experts, output, sizes, ids, factors);
    }

    /// <summary>A group for each token, wherever rows lie.</summary>
    public static void RunUnaligned(
        ArrayView<float> hidden, ArrayView<float> up, ArrayView<float> down, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> output, OmniExpertsSizes sizes)
    {
        var ids = SharedMemory.Allocate<int>(TopK);
        var factors = SharedMemory.Allocate<float>(TopK);
        ForwardGroup(1, hidden, up, down, weights, experts, output, sizes, ids, factors);
    }

    /// <summary>A thread for each token, on any device.</summary>
    public static void RunThread(
        ArrayView<float> hidden, ArrayView<float> up, ArrayView<float> down, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> output, OmniExpertsSizes sizes)
    {
        var token = (Grid.IdxX * Group.DimX) + Group.IdxX;
        if (token >= sizes.Tokens) return;
        var hiddenRow = token * sizes.HiddenStride;
        var outputRow = token * sizes.OutputStride;
        for (var h = 0; h < HiddenSize; h++) output[outputRow + h] = 0f;
        for (var slot = 0; slot < TopK; slot++)
        {
            var id = Id(experts[(token * sizes.ExpertsStride) + slot]);
            if (id == NoExpert) continue;
            var sum = DotOfThread(hidden, hiddenRow, up, id * sizes.UpStride);
            var factor = sum * DeviceMath.Sigmoid(sum) * weights[(token * sizes.WeightsStride) + slot];
            for (var h = 0; h < HiddenSize; h++) output[outputRow + h] += factor * down[(id * sizes.DownStride) + h];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ForwardGroup(
        [Specialize] int width, ArrayView<float> hidden, ArrayView<float> up, ArrayView<float> down, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> output,
        OmniExpertsSizes sizes, ArrayView<int> ids, ArrayView<float> factors)
    {
        long token = Grid.IdxX;
        var lane = Warp.LaneIdx;
        for (var slot = Group.IdxX / WarpLanes; slot < TopK; slot += Group.DimX / WarpLanes)
        {
            var id = Id(experts[(token * sizes.ExpertsStride) + slot]);
            var sum = id == NoExpert ? 0f : Dot(width, lane, hidden, token * sizes.HiddenStride, up, id * sizes.UpStride);
            sum = Warps.Sum(sum);
            if (lane == 0)
            {
                ids[slot] = id;
                factors[slot] = sum * DeviceMath.Sigmoid(sum) * weights[(token * sizes.WeightsStride) + slot];
            }
        }

        Group.Barrier();
        Combine(width, down, sizes.DownStride, ids, factors, output, token * sizes.OutputStride);
    }

    /// <summary>An id, or <see cref="NoExpert"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Id(int id) => (uint)id < Experts ? id : NoExpert;
}
