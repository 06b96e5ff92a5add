using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>The second phases: slices are added up in order, then activated or combined.</content>
internal static partial class FusedMoe<TWeight, TSum>
{
    /// <summary>Adds up the slices of the first product and activates them, in single precision.</summary>
    /// <param name="sums">Sums of each slice, [slices, slots, 2I].</param>
    /// <param name="scales">Scales of the rows, [E, 2I], where rows have such.</param>
    /// <param name="bias">Biases [E, 2I], where there are any.</param>
    /// <param name="weights">Router weights [T, k].</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="inputScales">Scales of the hidden states, [T], where those are integers.</param>
    /// <param name="intermediate">Receives the intermediate states [slots, I].</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void ActivateSingle(
        ArrayView<float> sums, ArrayView<float> scales, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> inputScales,
        ArrayView<float> intermediate, ExpertsSizes sizes)
    {
        var index = Index();
        if (index >= sizes.Tokens * (long)TopK * IntermediateSize || !IsExpert(ExpertOf(experts, sizes, (int)(index / IntermediateSize)))) return;
        intermediate[index] = Activated(sums, scales, bias, weights, experts, inputScales, index, sizes);
    }

    /// <summary>The same, as bfloat16.</summary>
    /// <inheritdoc cref="ActivateSingle"/>
    public static void ActivateRounded(
        ArrayView<float> sums, ArrayView<float> scales, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> inputScales,
        ArrayView<ushort> intermediate, ExpertsSizes sizes)
    {
        var index = Index();
        if (index >= sizes.Tokens * (long)TopK * IntermediateSize || !IsExpert(ExpertOf(experts, sizes, (int)(index / IntermediateSize)))) return;
        intermediate[index] = (ushort)BFloat16Bits.Of(Activated(sums, scales, bias, weights, experts, inputScales, index, sizes));
    }

    /// <summary>Adds up the slices of each slot, scaled, biased and weighted, then the slots of each token.</summary>
    /// <param name="sums">Sums of each slice, [slices, slots, H].</param>
    /// <param name="scales">Scales of the rows, [E, H], where rows have such.</param>
    /// <param name="bias">Biases [E, H], where there are any.</param>
    /// <param name="weights">Router weights [T, k].</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="inputScales">Scales of the intermediate states, [slots], where those are integers.</param>
    /// <param name="output">Receives the result [T, H].</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void Combine(
        ArrayView<float> sums, ArrayView<float> scales, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> inputScales,
        ArrayView<float> output, ExpertsSizes sizes)
    {
        var index = Index();
        if (index >= sizes.Tokens * (long)HiddenSize) return;
        var token = (int)(index / HiddenSize);
        var column = (int)(index % HiddenSize);
        var total = 0f;
        foreach (var rank in Static.Range(TopK))
        {
            var slot = (token * TopK) + rank;
            var expert = ExpertOf(experts, sizes, slot);
            if (IsExpert(expert))
            {
                var sum = RowSum(HiddenSize, sums, scales, expert, slot, column, sizes);
                if (IntegerSums) sum *= inputScales[slot];
                if (Bias) sum += bias[(expert * (long)HiddenSize) + column];
                if (!RouterWeightOnInput) sum *= RouterWeight(weights, sizes, slot);
                total += sum;
            }
        }

        output[(token * sizes.OutputStride) + column] = total;
    }

    /// <summary>Adds up the slices of each slot, which tensor cores have weighted, then the slots of each token.</summary>
    /// <param name="sums">Weighted sums of each slice, [slices, slots, H].</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="output">Receives the result [T, H].</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void CombineSingle(ArrayView<float> sums, ArrayView<int> experts, ArrayView<float> output, ExpertsSizes sizes)
    {
        var index = Index();
        if (index >= sizes.Tokens * (long)HiddenSize) return;
        var token = index / HiddenSize;
        var column = index % HiddenSize;
        var slots = sizes.Tokens * (long)TopK;
        var total = 0f;
        foreach (var rank in Static.Range(TopK))
        {
            if (IsExpert(experts[(token * sizes.ExpertsStride) + rank]))
            {
                var sum = 0f;
                for (var slice = 0; slice < SplitK; slice++) sum += sums[(((slice * slots) + (token * TopK) + rank) * HiddenSize) + column];
                total += sum;
            }
        }

        output[(token * sizes.OutputStride) + column] = total;
    }

    /// <summary>Adds up the slots of each token, eight columns a thread. Both widths are multiples of eight.</summary>
    /// <param name="sums">Weighted sums, two bfloat16 an element: [slots, H / 2].</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="output">Receives the result [T, H].</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void CombineRounded(ArrayView<uint> sums, ArrayView<int> experts, ArrayView<float> output, ExpertsSizes sizes)
    {
        const int Octets = HiddenSize / 8;
        const int GroupsOfToken = (Octets + ExpertsLaunch.ThreadsPerRow - 1) / ExpertsLaunch.ThreadsPerRow;
        var token = Grid.IdxX / GroupsOfToken;
        var octet = (Grid.IdxX % GroupsOfToken * ExpertsLaunch.ThreadsPerRow) + Group.IdxX;
        if (octet >= Octets) return;
        var total = Static.Array<float>(8);
        foreach (var column in Static.Range(8)) total[column] = 0f;
        foreach (var rank in Static.Range(TopK))
        {
            // What a slot without an expert has is arbitrary; reading it anyway lets the loads of all slots be under way at once.
            var quad = sums.Cast<Quad<uint>>()[(((token * (long)TopK) + rank) * Octets) + octet];
            var mask = IsExpert(experts[(token * sizes.ExpertsStride) + rank]) ? uint.MaxValue : 0u;
            total[0] += Low(quad.X & mask);
            total[1] += High(quad.X & mask);
            total[2] += Low(quad.Y & mask);
            total[3] += High(quad.Y & mask);
            total[4] += Low(quad.Z & mask);
            total[5] += High(quad.Z & mask);
            total[6] += Low(quad.W & mask);
            total[7] += High(quad.W & mask);
        }

        var first = (token * sizes.OutputStride) + (octet * 8);
        if (sizes.AlignedOutput != 0)
        {
            var quads = output.Cast<Quad<float>>();
            quads[first / 4] = new Quad<float> { X = total[0], Y = total[1], Z = total[2], W = total[3] };
            quads[(first / 4) + 1] = new Quad<float> { X = total[4], Y = total[5], Z = total[6], W = total[7] };
        }
        else
        {
            foreach (var column in Static.Range(8)) output[first + column] = total[column];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Low(uint pair) => Interop.IntAsFloat(pair << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float High(uint pair) => Interop.IntAsFloat(pair & 0xFFFF_0000u);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Activated(
        ArrayView<float> sums, ArrayView<float> scales, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> inputScales, long index, ExpertsSizes sizes)
    {
        var slot = (int)(index / IntermediateSize);
        var column = (int)(index % IntermediateSize);
        var gate = FirstSum(sums, scales, bias, weights, experts, inputScales, slot, column, sizes);
        var up = Gated ? FirstSum(sums, scales, bias, weights, experts, inputScales, slot, IntermediateSize + column, sizes) : 0f;
        return Activate(gate, up);
    }

    /// <summary>A sum of the first product: times its scales, times the router weight if that multiplies the input (a product is linear), plus its bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float FirstSum(
        ArrayView<float> sums, ArrayView<float> scales, ArrayView<float> bias, ArrayView<float> weights, ArrayView<int> experts, ArrayView<float> inputScales, int slot, int row, ExpertsSizes sizes)
    {
        var expert = ExpertOf(experts, sizes, slot);
        var sum = RowSum(GateUpWidth, sums, scales, expert, slot, row, sizes);
        if (IntegerSums) sum *= inputScales[slot / TopK];
        if (RouterWeightOnInput) sum *= RouterWeight(weights, sizes, slot);
        if (Bias) sum += bias[(expert * (long)GateUpWidth) + row];
        return sum;
    }

    /// <summary>The slices' sums in order, times the scale of the row of weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float RowSum([Specialize] int rows, ArrayView<float> sums, ArrayView<float> scales, int expert, int slot, int row, ExpertsSizes sizes)
    {
        var slots = sizes.Tokens * (long)TopK;
        var sum = sums.Cast<TSum>()[(slot * (long)rows) + row];
        for (var slice = 1; slice < SplitK; slice++) sum = Sums.Add(sum, sums.Cast<TSum>()[(((slice * slots) + slot) * rows) + row]);
        return RowScales ? Sums.ToSingle(sum) * scales[(expert * (long)rows) + row] : Sums.ToSingle(sum);
    }
}
