namespace KernelGen.Compiler.Ptx;

/// <content>
/// Bytes times bytes: activations and weights of one 8-bit type. Byte for byte the fragments are those of bfloat16, so tiles, swizzle, <c>ldmatrix</c>
/// and copies are the same, with twice the elements. What differs are the sums: tensor cores keep those of integers exactly, however many there
/// are, and those of 8-bit floats to 14 bits alone, so that the sum of each 128 elements, a row of shared memory, is added in single precision.
/// </content>
public sealed partial class GroupedGemm
{
    /// <summary>Elements of a row that share a scale, where not all of it do: those of a row of shared memory.</summary>
    private const int ByteGroup = GroupedGemmTile.RowBytes;

    private bool HasIntegerSums => _shape.QuantizedInputs && _shape.WeightType == DType.Int8;

    private bool MultipliesFloat8 => _shape.QuantizedInputs && _shape.WeightType == DType.Float8E4M3;

    /// <summary>Whether the output are sums that the phase which adds up the slices scales.</summary>
    private bool StoresBareSums => IsGateUp && _tile.SplitK > 1;

    /// <summary>Whether whole sums are multiplied by the scale of their row of activations; slices that stay integers are not.</summary>
    private bool HasRowInputScales => _shape.QuantizedInputs && !HasGroups && !(HasIntegerSums && StoresBareSums);

    private string? ProblemOfBytes()
    {
        if (!_shape.QuantizedInputs || _tile.ElementBytes != 1) return "quantised inputs require a tensor-core instruction for bytes, and vice versa";
        if (_shape.WeightType is not (DType.Float8E4M3 or DType.Int8) || _shape.ZeroPoints) return $"activations cannot be {_shape.WeightType} with these scales";
        if (_shape.GroupSize != 0 && (_shape.GroupSize != ByteGroup || HasIntegerSums)) return $"groups of {_shape.GroupSize} are not supported: a group must be one row of shared memory, 128 8-bit floats";
        return ProblemOfWgmmaBytes();
    }

    /// <summary>Integers become singles once; slices of the first product stay integers, exact until they are added up.</summary>
    private void WriteIntegerSums()
    {
        foreach (var sum in Sums())
        {
            // The registers of wgmma's sums, which are many, serve both.
            if (!StoresBareSums) _writer.Code($"cvt.rn.f32.s32 %{sum}, %{sum};");
        }
    }

    /// <summary>The row of activations that a slot has: of hidden states its token's, of intermediate states its own.</summary>
    private string RowOfSlot(string slot) => IsGateUp ? $"div.u32 %{slot}, %{slot}, {_shape.TopK};" : "";

}
