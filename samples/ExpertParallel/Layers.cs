using KernelGen;

namespace ExpertParallel;

/// <summary>The whole layer and a rank's half of it: the number of experts in the weights chooses.</summary>
[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 128, IntermediateSize = 96)]
[FusedMoe(Experts = 4, TopK = 2, HiddenSize = 128, IntermediateSize = 96)]
public static partial class Layers;
