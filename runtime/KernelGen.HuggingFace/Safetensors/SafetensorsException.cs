namespace KernelGen.HuggingFace;

/// <summary>A safetensors file or its index is malformed, or a tensor in it is not what was asked for.</summary>
/// <remarks>The message names the file, the tensor where there is one, what was found and what was expected.</remarks>
public sealed class SafetensorsException : IOException
{
    /// <summary>Carries a finished message.</summary>
    public SafetensorsException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    internal static SafetensorsException InFile(string file, string problem, Exception? inner = null) => new($"{file}: {problem}", inner);

    internal static SafetensorsException InTensor(string file, string tensor, string problem, Exception? inner = null) =>
        new($"{file}: tensor {Quote(tensor)} {problem}", inner);

    /// <summary>A name from a file as a message may show it: on one line and not endless.</summary>
    internal static string Quote(string name)
    {
        const int Most = 120;
        var shown = name.Length <= Most ? name : string.Concat(name.AsSpan(0, Most), "…");
        return shown.Any(char.IsControl)
            ? $"'{string.Concat(shown.Select(letter => char.IsControl(letter) ? '\uFFFD' : letter))}'"
            : $"'{shown}'";
    }
}
