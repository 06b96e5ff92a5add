namespace KernelGen.HuggingFace;

/// <summary>How a family names the tensors of a layer's Mixture-of-Experts block, below the layer's own prefix.</summary>
/// <param name="Block">The block, for example <c>mlp</c>.</param>
/// <param name="Router">The router inside the block.</param>
/// <param name="SharedExpert">The shared experts' MLP inside the block; used where there is one.</param>
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
    /// <summary>How all experts lie in one tensor, transposed and perhaps interleaved (gpt_oss, llama4); null where each has its own.</summary>
    public ExpertLayout? FusedLayout { get; init; }
}
