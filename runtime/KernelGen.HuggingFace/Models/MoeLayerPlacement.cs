namespace KernelGen.HuggingFace;

/// <summary>Determines which decoder layers have experts; the others have an ordinary MLP.</summary>
internal static class MoeLayerPlacement
{
    /// <summary>Every layer.</summary>
    public static int[] Every(int layers) => Where(layers, _ => true);

    /// <summary>Every <c>decoder_sparse_step</c>-th layer, counted from one, except <c>mlp_only_layers</c>.</summary>
    public static int[] SparseSteps(ModelConfigSection json, int layers)
    {
        var step = json.Int("decoder_sparse_step", 1, int.MaxValue, absent: 1);
        var dense = json.Layers("mlp_only_layers", layers) ?? [];
        return Where(layers, layer => (layer + 1L) % step == 0 && !dense.Contains(layer));
    }

    /// <summary>All layers from <c>first_k_dense_replace</c> on.</summary>
    public static int[] AfterDense(ModelConfigSection json, int layers, int absent)
    {
        var dense = json.Int("first_k_dense_replace", 0, int.MaxValue, absent);
        return Where(layers, layer => layer >= dense);
    }

    /// <summary>One layer in every <c>expert_layer_period</c>, starting with <c>expert_layer_offset</c>.</summary>
    public static int[] Periodic(ModelConfigSection json, int layers)
    {
        var period = json.Int("expert_layer_period", 1, int.MaxValue, absent: 2);
        var offset = json.Int("expert_layer_offset", 0, period - 1, absent: Math.Min(1, period - 1));
        return Where(layers, layer => layer % period == offset);
    }

    /// <summary><c>moe_layers</c> if present, otherwise the last of every <c>interleave_moe_layer_step</c> layers.</summary>
    public static int[] Interleaved(ModelConfigSection json, int layers)
    {
        if (json.Layers("moe_layers", layers) is { } listed) return [.. listed];
        var step = json.Int("interleave_moe_layer_step", 1, int.MaxValue, absent: 1);
        return Where(layers, layer => (layer + 1L) % step == 0);
    }

    private static int[] Where(int layers, Func<int, bool> hasExperts) => [.. Enumerable.Range(0, layers).Where(hasExperts)];
}
