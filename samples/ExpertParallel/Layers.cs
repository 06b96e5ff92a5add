using KernelGen;

namespace ExpertParallel;

/// <summary>The whole layer and the half of one rank: the number of experts in the weights selects the kernel.</summary>
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 128, IntermediateSize = 96)]
[FusedMoe(Experts = 4, TopK = 2, HiddenSize = 128, IntermediateSize = 96)]
public static partial class Layers;
