using KernelGen;

namespace OmniMoe;

/// <summary>The kernels of a layer: 48² neuron experts, of which each token takes 8, and an MLP that serves every token.</summary>
[OmniRouter(ExpertsPerAxis = 48, TopK = 8)]
[OmniExperts(ExpertsPerAxis = 48, TopK = 8, HiddenSize = 128)]
[FusedMoe(Experts = 1, TopK = 1, HiddenSize = 128, IntermediateSize = 192)]
public static partial class Omni;
