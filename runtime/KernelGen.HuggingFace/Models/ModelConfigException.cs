namespace KernelGen.HuggingFace;

/// <summary>
/// A <c>config.json</c> lacks what a Mixture-of-Experts layer needs, contradicts itself, or describes what this library cannot run.
/// </summary>
/// <remarks>The message names the file and the key.</remarks>
public sealed class ModelConfigException : IOException
{
    /// <summary>Carries a finished message.</summary>
    public ModelConfigException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    internal ModelConfigException(string file, string key, string problem)
        : base($"{file}: '{key}' {problem}")
    {
    }
}
