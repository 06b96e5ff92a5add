using System;
using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>What is done with rows of H numbers.</content>
internal static partial class OmniExperts
{
    /// <summary>Reads that a lane has under way at once for a product.</summary>
    private const int DotTile = 4;

    /// <summary>Rows that a thread reads at once for a sum.</summary>
    private const int SlotTile = TopK < 8 ? TopK : 8;

    /// <summary>A lane's part of the product of two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Dot([Specialize] int width, int lane, ArrayView<float> a, long aStart, ArrayView<float> b, long bStart)
    {
        var sums = Static.Array<float>(DotTile);
        var h = lane * width;
        for (; h + ((DotTile - 1) * WarpLanes * width) < HiddenSize; h += DotTile * WarpLanes * width)
        {
            var first = Static.Array<Quad<float>>(DotTile);
            var second = Static.Array<Quad<float>>(DotTile);
            foreach (var v in Static.Range(DotTile)) first[v] = Load(width, a, aStart + h + (v * WarpLanes * width));
            foreach (var v in Static.Range(DotTile)) second[v] = Load(width, b, bStart + h + (v * WarpLanes * width));
            foreach (var v in Static.Range(DotTile)) sums[v] += Product(width, first[v], second[v]);
        }

        for (; h < HiddenSize; h += WarpLanes * width) sums[0] += Product(width, Load(width, a, aStart + h), Load(width, b, bStart + h));
        return sums[0] + sums[1] + (sums[2] + sums[3]);
    }

    private static float DotOfThread(ArrayView<float> a, long aStart, ArrayView<float> b, long bStart)
    {
        var sum = 0f;
        for (var h = 0; h < HiddenSize; h++) sum += a[aStart + h] * b[bStart + h];
        return sum;
    }

    /// <summary>target = Σ factors[slot] · rows[ids[slot]], in the order of the slots; by all threads of a group.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Combine(
        [Specialize] int width, ArrayView<float> rows, long stride, ArrayView<int> ids, ArrayView<float> factors, ArrayView<float> target, long targetStart)
    {
        for (var h = Group.IdxX * width; h < HiddenSize; h += Group.DimX * width)
        {
            var sum = default(Quad<float>);
            for (var slot = 0; slot < TopK / SlotTile * SlotTile; slot += SlotTile)
            {
                var row = Static.Array<Quad<float>>(SlotTile);
                foreach (var s in Static.Range(SlotTile)) row[s] = ids[slot + s] == NoExpert ? default : Load(width, rows, (ids[slot + s] * stride) + h);
                foreach (var s in Static.Range(SlotTile)) sum = MultiplyAdd(width, factors[slot + s], row[s], sum);
            }

            foreach (var slot in Static.Range(TopK / SlotTile * SlotTile, TopK))
                sum = MultiplyAdd(width, factors[slot], ids[slot] == NoExpert ? default : Load(width, rows, (ids[slot] * stride) + h), sum);
            Store(width, sum, target, targetStart + h);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad<float> Load([Specialize] int width, ArrayView<float> view, long place)
    {
        if (width == 4) return view.Cast<Quad<float>>()[place / 4];
        var quad = default(Quad<float>);
        quad.X = view[place];
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store([Specialize] int width, Quad<float> value, ArrayView<float> view, long place)
    {
        if (width == 4) view.Cast<Quad<float>>()[place / 4] = value;
        else view[place] = value.X;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Product([Specialize] int width, Quad<float> a, Quad<float> b) =>
        width == 4 ? (a.X * b.X) + (a.Y * b.Y) + ((a.Z * b.Z) + (a.W * b.W)) : a.X * b.X;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad<float> MultiplyAdd([Specialize] int width, float factor, Quad<float> row, Quad<float> sum)
    {
        sum.X += factor * row.X;
        if (width == 4)
        {
            sum.Y += factor * row.Y;
            sum.Z += factor * row.Z;
            sum.W += factor * row.W;
        }

        return sum;
    }
}
