namespace KernelGen.HuggingFace;

/// <summary>The three matrices of one gated MLP in the checkpoint.</summary>
/// <param name="Gate">Gate projection [I, H].</param>
/// <param name="Up">Up projection [I, H].</param>
/// <param name="Down">Down projection [H, I].</param>
public sealed record MlpTensors(ExpertMatrix Gate, ExpertMatrix Up, ExpertMatrix Down);
