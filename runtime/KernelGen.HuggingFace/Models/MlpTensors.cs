namespace KernelGen.HuggingFace;

/// <summary>The three matrices of one gated MLP, where they lie in the file.</summary>
/// <param name="Gate">Gate projection [I, H].</param>
/// <param name="Up">Up projection [I, H].</param>
/// <param name="Down">Down projection [H, I].</param>
public sealed record MlpTensors(ExpertMatrix Gate, ExpertMatrix Up, ExpertMatrix Down);
