using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>The second phases: slices are added up in order, then activated or combined.</content>
internal static partial class FusedMoe<TWeight>
{
    /// <summary>Adds up the slices of the first product and activates them, in single precision.</summary>
    /// <param name="sums">Sums of each slice, [slices, slots, 2I].</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="intermediate">Receives the intermediate states [slots, I].</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void ActivateSingle(ArrayView<float> sums, ArrayView<int> experts, ArrayView<float> intermediate, ExpertSizes sizes)
    {
        var index = Index();
        if (index >= sizes.Tokens * (long)TopK * IntermediateSize || !IsExpert(ExpertOf(experts, sizes, (int)(index / IntermediateSize)))) return;
        intermediate[index] = Activated(sums, index, sizes);
    }

    /// <summary>The same, as bfloat16.</summary>
    /// <param name="sums">Sums of each slice, [slices, slots, 2I].</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="intermediate">Receives the bits of the intermediate states [slots, I].</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void ActivateRounded(ArrayView<float> sums, ArrayView<int> experts, ArrayView<ushort> intermediate, ExpertSizes sizes)
    {
        var index = Index();
        if (index >= sizes.Tokens * (long)TopK * IntermediateSize || !IsExpert(ExpertOf(experts, sizes, (int)(index / IntermediateSize)))) return;
        intermediate[index] = (ushort)Brain.Bits(Activated(sums, index, sizes));
    }

    /// <summary>Adds up the slices of each slot, then the slots of each token.</summary>
    /// <param name="sums">Weighted sums of each slice, [slices, slots, H].</param>
    /// <param name="experts">Experts [T, k].</param>
    /// <param name="output">Receives the result [T, H].</param>
    /// <param name="sizes">Sizes of the call.</param>
    public static void CombineSingle(ArrayView<float> sums, ArrayView<int> experts, ArrayView<float> output, ExpertSizes sizes)
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
    public static void CombineRounded(ArrayView<uint> sums, ArrayView<int> experts, ArrayView<float> output, ExpertSizes sizes)
    {
        const int Octets = HiddenSize / 8;
        const int GroupsOfToken = (Octets + ExpertLaunch.ThreadsOfRow - 1) / ExpertLaunch.ThreadsOfRow;
        var token = Grid.IdxX / GroupsOfToken;
        var octet = (Grid.IdxX % GroupsOfToken * ExpertLaunch.ThreadsOfRow) + Group.IdxX;
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
    private static float Activated(ArrayView<float> sums, long index, ExpertSizes sizes)
    {
        var slots = sizes.Tokens * (long)TopK;
        var slot = index / IntermediateSize;
        var column = index % IntermediateSize;
        var gate = 0f;
        var up = 0f;
        for (var slice = 0; slice < SplitK; slice++)
        {
            var row = ((slice * slots) + slot) * (2L * IntermediateSize);
            gate += sums[row + column];
            up += sums[row + IntermediateSize + column];
        }

        return Activate(gate, up);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Activate(float gate, float up)
    {
        if (Activation == MoeActivation.SwigluOai || Activation == MoeActivation.SwigluClamp)
        {
            const float Limit = Activation == MoeActivation.SwigluOai ? 7f : ActivationLimit;
            gate = gate > Limit ? Limit : gate;
            up = up > Limit ? Limit : up < -Limit ? -Limit : up;
        }

        if (Activation == MoeActivation.SwigluOai) return gate * DeviceMath.Sigmoid(1.702f * gate) * (up + 1f);

        // ½ (1 + tanh y) = σ(2y) with y = √(2/π) · (g + 0.044715 g³).
        if (Activation == MoeActivation.GeluTanhAndMul) return gate * DeviceMath.Sigmoid(1.59576912f * (gate + (0.044715f * gate * gate * gate))) * up;
        return gate * DeviceMath.Sigmoid(gate) * up;
    }
}
