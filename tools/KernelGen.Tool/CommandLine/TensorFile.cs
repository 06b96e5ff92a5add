using KernelGen.HuggingFace;

namespace KernelGen.Tool;

/// <summary><c>FILE[:TENSOR]</c>: a matrix in a safetensors file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Tensor">The tensor's name, or null to find it.</param>
internal sealed record TensorFile(string Path, string? Tensor)
{
    /// <summary>The name stands after the last colon; that of <c>C:\…</c> belongs to the file, and so does any in the name of a file that exists.</summary>
    /// <exception cref="UsageException">There is nothing on one side of the colon.</exception>
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

    /// <summary>The tensor of the file: the one named; else the only matrix; else the one with the usual name.</summary>
    /// <exception cref="UsageException">It cannot be told which, or it is no matrix.</exception>
    public SafetensorsTensor Find(SafetensorsFile file, string usualName)
    {
        if (Tensor is not null) return RequireMatrix(file.Get(Tensor));
        var matrices = file.Tensors.Where(tensor => tensor.Shape.Length == 2).ToArray();
        if (matrices.Length == 1) return matrices[0];
        if (file.TryGet(usualName, out var usual)) return RequireMatrix(usual);
        throw new UsageException($"{Path}: has {matrices.Length} matrices, none named '{usualName}'; say which with {Path}:TENSOR");
    }

    /// <inheritdoc/>
    public override string ToString() => Tensor is null ? Path : $"{Path}:{Tensor}";

    private SafetensorsTensor RequireMatrix(SafetensorsTensor tensor) => tensor.Shape.Length == 2
        ? tensor
        : throw new UsageException($"{Path}: tensor {tensor.Info} is no matrix; expected [T, H]");
}
