namespace KernelGen.Compiler.Ptx;

/// <summary>What a GEMM stores, and which factors and biases its complete sums have.</summary>
internal sealed class GemmOutput(GroupedGemmShape shape, GroupedGemmTile tile)
{
    /// <summary>Whether the output is bf16; sums of slices stay fp32 until the second phase has added them up, intermediate states until they become bytes.</summary>
    public bool StoresBFloat16 => tile.SplitK == 1 && !(shape.IsGateUp && shape.QuantizedInputs);

    /// <summary>Whether the output is intermediate states and not sums.</summary>
    public bool StoresActivated => shape.IsGateUp && tile.SplitK == 1;

    /// <summary>Whether the output is sums that the phase which adds up the slices scales.</summary>
    public bool StoresBareSums => shape.IsGateUp && tile.SplitK > 1;

    /// <summary>Whether the stored sums are multiplied by the router weights.</summary>
    public bool WeightsOutput => !shape.IsGateUp && !shape.RouterWeightOnInput;

    /// <summary>Whether sums become whole within the kernel: the phase that adds up and activates the slices of the first GEMM does it there.</summary>
    public bool HasWholeSums => !StoresBareSums;

    /// <summary>Whether router weights multiply the whole sums of the first GEMM.</summary>
    public bool WeightsInput => shape.IsGateUp && shape.RouterWeightOnInput && HasWholeSums;

    /// <summary>Whether columns have numbers of their own in whole sums.</summary>
    public bool HasColumnNumbers => (shape.HasRowScales || shape.Bias) && HasWholeSums;

    /// <summary>Whether whole sums are multiplied by the scale of their row of activations; slices that stay integers are not.</summary>
    public bool HasRowInputScales => shape.QuantizedInputs && !shape.HasGroups && !(shape.HasIntegerSums && StoresBareSums);

    /// <summary>Whether the first GEMM stores bytes, where a tile of copied scales has all columns of a group.</summary>
    public bool RoundsIntermediate => tile.Core == TensorCore.WgmmaBytes && shape.HasGroups && StoresActivated && shape.OutputColumns(tile.BlockN) == GroupedGemmTile.RowBytes;

    /// <summary>Bytes of an element.</summary>
    public int Bytes => RoundsIntermediate ? 1 : StoresBFloat16 ? 2 : 4;

    /// <summary>Elements of a slot's row.</summary>
    public int RowElements => StoresActivated ? shape.IntermediateSize : shape.Columns;
}
