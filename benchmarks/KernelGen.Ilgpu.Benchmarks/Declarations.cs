namespace KernelGen.Ilgpu.Benchmarks;

[MoeGate(Experts = 384, TopK = 6, Scoring = GateScoring.Sigmoid, CorrectionBias = true)] // Kimi K2
[MoeGate(Experts = 256, TopK = 8, Scoring = GateScoring.Sigmoid, CorrectionBias = true)] // MiMo V2 Flash
[MoeGate(Experts = 128, TopK = 8)] // Qwen3
public static partial class Gates;

[MoeGate(Experts = 256, TopK = 8, Scoring = GateScoring.Sigmoid, CorrectionBias = true, Groups = 8, TopKGroups = 4)] // DeepSeek V3
public static partial class GroupedGates;
