namespace KernelGen.HuggingFace;

/// <summary>A family's tensor names of a layer's Mixture-of-Experts block, relative to the layer's prefix.</summary>
/// <param name="Block">The block, for example <c>mlp</c>.</param>
/// <param name="Router">The router inside the block.</param>
/// <param name="SharedExpert">The shared experts' MLP inside the block, if any.</param>
/// <param name="Gate">Gate projection of a routed expert [I, H].</param>
/// <param name="Up">Up projection of a routed expert [I, H].</param>
/// <param name="Down">Down projection of a routed expert [H, I].</param>
internal sealed record MoeTensorNames(
    string Block,
    string Router = "gate",
    string SharedExpert = "shared_experts",
    string Gate = "gate_proj",
    string Up = "up_proj",
    string Down = "down_proj")
{
    /// <summary>The layout of a single tensor with all experts, transposed and optionally interleaved (gpt_oss, llama4); null if each expert has its own tensors.</summary>
    public ExpertLayout? FusedLayout { get; init; }
}
