namespace KernelGen.Tool;

/// <summary>What <c>kernelgen run</c> was asked for.</summary>
/// <param name="Model">The checkpoint's directory.</param>
/// <param name="Layer">Number of the decoder layer.</param>
/// <param name="Input">Hidden states [T, H].</param>
/// <param name="Weights">Type of the experts' weights, or null for the checkpoint's own.</param>
/// <param name="Output">File to write, or null.</param>
/// <param name="Expect">What to compare with, or null.</param>
/// <param name="RelativeTolerance">Of the comparison.</param>
/// <param name="AbsoluteTolerance">Of the comparison.</param>
/// <param name="Device">Where to compute.</param>
/// <param name="Record">File for the expert ids, or null.</param>
internal sealed record LayerRequest(
    string Model, int Layer, TensorFile Input, WeightsFormat? Weights, string? Output, TensorFile? Expect, double RelativeTolerance, double AbsoluteTolerance,
    DeviceName Device, string? Record);
