namespace KernelGen.Compiler.Ptx;

/// <summary>The limits of kernels that multiply bytes by bytes.</summary>
internal static class ByteProblem
{
    /// <summary>The problem of a shape or a tile, or null.</summary>
    public static string? Of(GroupedGemmShape shape, GroupedGemmTile tile)
    {
        if (!shape.QuantizedInputs || tile.ElementBytes != 1) return "quantised inputs require a tensor-core instruction for bytes, and vice versa";
        if (shape.WeightType is not (DType.Float8E4M3 or DType.Int8) || shape.ZeroPoints) return $"activations cannot be {shape.WeightType} with these scales";
        return shape.GroupSize != 0 && (shape.GroupSize != GroupedGemmTile.RowBytes || shape.HasIntegerSums)
            ? $"groups of {shape.GroupSize} are not supported: a group must be one row of shared memory, 128 8-bit floats"
            : null;
    }
}
