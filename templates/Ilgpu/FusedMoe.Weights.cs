using System.Runtime.CompilerServices;
using ILGPU;
using KernelGen.Ilgpu;

namespace KernelGen.Templates.Ilgpu;

/// <content>Stored weights, their scales and zero points. Whole words are loaded wherever rows are made of such.</content>
internal static partial class FusedMoe<TWeight, TSum>
{
    [Specialize] private const DType WeightType = DType.Float32;
    [Specialize] private const WeightQuantization Quantization = WeightQuantization.None;

    /// <summary>Neighbours of a row that share a scale; 0 when all of a row do, or there are none.</summary>
    [Specialize] private const int ScaleWidth = 0;

    /// <summary>Whether groups have zero points of their own.</summary>
    [Specialize] private const bool ZeroPoints = false;

    /// <summary>Whether integers multiply integers: sums are integers, exact.</summary>
    [Specialize] private const bool IntegerSums = false;

    private const int WeightBits = WeightType == DType.Float32 ? 32
        : WeightType == DType.Float16 || WeightType == DType.BFloat16 ? 16
        : WeightType == DType.Int4 ? 4 : 8;

    /// <summary>Weights of a stored element.</summary>
    private const int WeightsOfElement = WeightBits == 4 ? 2 : 1;

    /// <summary>Whether a scale belongs to a whole row: it multiplies the row's sum.</summary>
    private const bool RowScales = Quantization != WeightQuantization.None && ScaleWidth == 0;

    /// <summary>What the zero point is where there are none.</summary>
    private const float MiddleNumber = WeightBits == 4 ? 8f : 0f;

    /// <summary>The reduction is cut into slices of whole units: words of every type, and parts of every group.</summary>
    private const int SliceUnit = 32;

    /// <summary>Where a slice of a reduction begins; the last ends with it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int SliceStart([Specialize] int width, int slice)
    {
        var units = (width + SliceUnit - 1) / SliceUnit;
        return IntrinsicMath.Min((int)((long)slice * units / SplitK) * SliceUnit, width);
    }

    /// <summary>The bits of the weights that a load yields, <paramref name="index"/> being the first's place in all matrices.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Load(ArrayView<TWeight> matrices, [Specialize] int perLoad, long index)
    {
        if (perLoad > WeightsOfElement) return matrices.Cast<uint>()[index / perLoad];
        return StoredNumbers.Bits(matrices[index / WeightsOfElement]);
    }

    /// <summary>One of the weights of a load, less its zero point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TSum Weight(uint bits, [Specialize] int number, float zero)
    {
        TSum factor;
        switch (WeightType)
        {
            case DType.BFloat16:
                Sums.Factor(Interop.IntAsFloat(bits >> (16 * number) << 16), out factor);
                break;
            case DType.Float16:
                Sums.Factor(StoredNumbers.OfHalf((bits >> (16 * number)) & 0xFFFFu), out factor);
                break;
            case DType.Float8E4M3:
                Sums.Factor(StoredNumbers.OfFloat8(bits >> (8 * number)), out factor);
                break;
            case DType.Int8 when IntegerSums:
                Sums.Factor((int)(bits << (24 - (8 * number))) >> 24, out factor);
                break;
            case DType.Int8:
                Sums.Factor(((int)(bits << (24 - (8 * number))) >> 24) - zero, out factor);
                break;
            case DType.Int4:
                Sums.Factor((int)((bits >> (4 * number)) & 0xFu) - zero, out factor);
                break;
            default:
                Sums.Factor(Interop.IntAsFloat(bits), out factor);
                break;
        }

        return factor;
    }

    /// <summary>The place of a group's scale and zero point, which those of the neighbouring rows lie beside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long ScaleIndex([Specialize] int rows, [Specialize] int width, int expert, int row, int k)
    {
        var groups = ScaleWidth == 0 ? 1 : (width + ScaleWidth - 1) / ScaleWidth;
        return ((((long)expert * groups) + (k / ScaleWidth)) * rows) + row;
    }
}
