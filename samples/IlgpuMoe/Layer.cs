using KernelGen;

namespace IlgpuMoe;

/// <summary>One declaration for every device: because this program references ILGPU, the methods also have overloads that take a stream and views.</summary>
[MoeGate(Experts = 16, TopK = 4, Scoring = GateScoring.Sigmoid, CorrectionBias = true)]
[FusedMoe(Experts = 16, TopK = 4, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.BFloat16)]
internal static partial class Layer;
