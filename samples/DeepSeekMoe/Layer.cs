using KernelGen;

namespace DeepSeekMoe;

/// <summary>
/// A small DeepSeek V3: 64 experts in 8 groups, of which 4 remain eligible. Each token takes 6 of them and the shared expert, which the
/// gate appends as expert 64 and the experts' kernel treats like any other.
/// </summary>
[MoeGate(Experts = 64, TopK = 7, SharedExperts = 1, Scoring = GateScoring.Sigmoid, CorrectionBias = true, Groups = 8, TopKGroups = 4)]
[FusedMoe(Experts = 65, TopK = 7, HiddenSize = 128, IntermediateSize = 64)]
public static partial class Layer;
