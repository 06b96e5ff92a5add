using KernelGen.HuggingFace;

namespace KernelGen.Tool.Tests;

/// <summary>A folder that is deleted with all its content.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("kernelgen-");

    public string File(string name) => Path.Combine(_directory.FullName, name);

    /// <summary>Writes a safetensors file of F32 tensors.</summary>
    public string Write(string name, params (string Tensor, long[] Shape, float[] Values)[] tensors)
    {
        var infos = tensors.Select(tensor => new SafetensorsTensorInfo(tensor.Tensor, SafetensorsDType.Float32, tensor.Shape));
        using var writer = new SafetensorsWriter(File(name), infos);
        foreach (var (tensor, _, values) in tensors) writer.Write<float>(tensor, values);
        writer.Commit();
        return File(name);
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
