namespace KernelGen.Tool;

/// <summary>The options of <c>kernelgen run</c>.</summary>
/// <param name="Model">The checkpoint's directory.</param>
/// <param name="Layer">Index of the decoder layer.</param>
/// <param name="Input">Hidden states [T, H].</param>
/// <param name="Weights">Type of the experts' weights, or null for that of the checkpoint.</param>
/// <param name="Output">Output file, or null.</param>
/// <param name="Expect">The expected output, or null.</param>
/// <param name="RelativeTolerance">Relative tolerance of the comparison.</param>
/// <param name="AbsoluteTolerance">Absolute tolerance of the comparison.</param>
/// <param name="Device">The device.</param>
/// <param name="Record">File for the expert ids, or null.</param>
internal sealed record LayerRequest(
    string Model, int Layer, TensorFile Input, WeightsFormat? Weights, string? Output, TensorFile? Expect, double RelativeTolerance, double AbsoluteTolerance,
    DeviceName Device, string? Record);
