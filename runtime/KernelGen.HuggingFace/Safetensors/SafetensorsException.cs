namespace KernelGen.HuggingFace;

/// <summary>Thrown if a safetensors file or its index is malformed, or a tensor is not as required.</summary>
/// <remarks>The message names the file, the tensor if any, what was found and what was expected.</remarks>
public sealed class SafetensorsException : IOException
{
    /// <summary>Creates an exception with a complete message.</summary>
    public SafetensorsException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    internal static SafetensorsException InFile(string file, string problem, Exception? inner = null) => new($"{file}: {problem}", inner);

    internal static SafetensorsException InTensor(string file, string tensor, string problem, Exception? inner = null) =>
        new($"{file}: tensor {Quote(tensor)} {problem}", inner);

    /// <summary>Formats a name from a file for a message: on one line and truncated.</summary>
    internal static string Quote(string name)
    {
        const int Most = 120;
        var shown = name.Length <= Most ? name : string.Concat(name.AsSpan(0, Most), "…");
        return shown.Any(char.IsControl)
            ? $"'{string.Concat(shown.Select(letter => char.IsControl(letter) ? '\uFFFD' : letter))}'"
            : $"'{shown}'";
    }
}
