namespace KernelGen.HuggingFace.Tests;

/// <summary>A folder that is deleted with all its content.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("kernelgen-");

    public string Path(params string[] parts) => System.IO.Path.Combine([_directory.FullName, .. parts]);

    /// <summary>Writes a text file and gives its path.</summary>
    public string Write(string name, string text)
    {
        File.WriteAllText(Path(name), text);
        return Path(name);
    }

    /// <summary>Writes a safetensors file of F32 tensors of one element each.</summary>
    public void WriteScalars(string name, params (string Name, float Value)[] tensors)
    {
        using var writer = new SafetensorsWriter(Path(name), tensors.Select(tensor => new SafetensorsTensorInfo(tensor.Name, SafetensorsDType.Float32, [])));
        foreach (var (tensor, value) in tensors) writer.Write<float>(tensor, [value]);
        writer.Commit();
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
