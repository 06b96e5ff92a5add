using KernelGen.HuggingFace;

namespace KernelGen.Tool;

/// <summary><c>FILE[:TENSOR]</c>: a matrix in a safetensors file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Tensor">The tensor's name, or null to infer it.</param>
internal sealed record TensorFile(string Path, string? Tensor)
{
    /// <summary>Parses it. The name follows the last colon; the colon of <c>C:\…</c>, and any in the name of an existing file, belong to the file.</summary>
    /// <exception cref="UsageException">One side of the colon is empty.</exception>
    public static TensorFile Parse(string option, string text)
    {
        var colon = text.LastIndexOf(':');
        var isDrive = colon == 1 && char.IsAsciiLetter(text[0]) && (OperatingSystem.IsWindows() || text.AsSpan(2).StartsWith("\\") || text.AsSpan(2).StartsWith("/"));
        if (colon < 0 || isDrive || File.Exists(text)) return new TensorFile(text, null);
        if (colon == 0 || colon == text.Length - 1) throw new UsageException($"{option} is '{text}'; expected FILE or FILE:TENSOR");
        return new TensorFile(text[..colon], text[(colon + 1)..]);
    }

    /// <summary>Opens the file.</summary>
    /// <exception cref="UsageException">It is a directory.</exception>
    public SafetensorsFile Open() => Directory.Exists(Path)
        ? throw new UsageException($"{Path} is a directory; expected a safetensors file")
        : SafetensorsFile.Open(Path);

    /// <summary>Finds the tensor: the named one, else the only matrix, else the one with the usual name.</summary>
    /// <exception cref="UsageException">The choice is ambiguous, or the tensor is not a matrix.</exception>
    public SafetensorsTensor Find(SafetensorsFile file, string usualName)
    {
        if (Tensor is not null) return RequireMatrix(file.Get(Tensor));
        var matrices = file.Tensors.Where(tensor => tensor.Shape.Length == 2).ToArray();
        if (matrices.Length == 1) return matrices[0];
        if (file.TryGet(usualName, out var usual)) return RequireMatrix(usual);
        throw new UsageException($"{Path}: has {matrices.Length} matrices, none named '{usualName}'; select one with {Path}:TENSOR");
    }

    /// <inheritdoc/>
    public override string ToString() => Tensor is null ? Path : $"{Path}:{Tensor}";

    private SafetensorsTensor RequireMatrix(SafetensorsTensor tensor) => tensor.Shape.Length == 2
        ? tensor
        : throw new UsageException($"{Path}: tensor {tensor.Info} is not a matrix; expected [T, H]");
}
