namespace KernelGen.HuggingFace;

/// <summary>
/// Thrown if a <c>config.json</c> lacks a setting of a Mixture-of-Experts layer, is inconsistent, or describes something unsupported.
/// </summary>
/// <remarks>The message names the file and the key.</remarks>
public sealed class ModelConfigException : IOException
{
    /// <summary>Creates an exception with a complete message.</summary>
    public ModelConfigException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    internal ModelConfigException(string file, string key, string problem)
        : base($"{file}: '{key}' {problem}")
    {
    }
}
