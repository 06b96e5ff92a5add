using ILGPU;

namespace KernelGen.Ilgpu;

/// <summary>The biases of all experts of a layer in device memory.</summary>
/// <param name="GateUp">[E, 2I], each expert's gate biases before its up biases; [E, I] without up projections.</param>
/// <param name="Down">[E, H].</param>
public sealed record DeviceExpertBiases(ArrayView<float> GateUp, ArrayView<float> Down);
