using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using System.Text;
using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.OnDemand;

/// <summary>
/// Compiled kernels in a folder, by canonical name and by the version of what compiled them: a search that is repeated compiles nothing.
/// Several processes may share a folder. What cannot be read or written is compiled anew.
/// </summary>
public sealed class KernelCache
{
    /// <summary>The environment variable that names the folder of <see cref="Default"/>.</summary>
    public const string FolderVariable = "KERNELGEN_CACHE";

    // Each assembly is loaded only once.
    private static readonly ConcurrentDictionary<string, Lazy<KernelAssembly>> Loaded = new();

    private readonly string _folder;

    /// <summary>A cache in a folder, which is made when something is put there.</summary>
    public KernelCache(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _folder = Path.Combine(Path.GetFullPath(folder), CompilerVersion());
    }

    /// <summary>The user's own: the folder that <see cref="FolderVariable"/> names, else <c>kernelgen</c> in the user's local application data.</summary>
    public static KernelCache Default => new(
        Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder
            ? folder
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "kernelgen"));

    /// <summary>The kernel for a spec, in the widest vectors that it has and this processor runs: compiled, or from the folder.</summary>
    /// <exception cref="ArgumentException">The spec is invalid; the message holds every problem.</exception>
    public KernelAssembly Compile(IKernelSpec spec)
    {
        var bits = spec.Family.VectorWidths(spec).Last(width => width <= WidestVector || width == 128);
        var path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{FileName(spec.VariantName)}.{bits}.dll"));
        return Loaded.GetOrAdd(path, _ => new Lazy<KernelAssembly>(() => KernelAssembly.Compile([spec], forIlgpu: false, new CachedImage(path), bits))).Value;
    }

    private static int WidestVector => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    /// <summary>A name as long as file names may be; a hash tells those apart that are cut.</summary>
    private static string FileName(string variant)
    {
        const int Longest = 150;
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(variant)))[..16];
        return $"{(variant.Length <= Longest ? variant : variant[..Longest])}.{hash}";
    }

    /// <summary>Changes whenever one of the assemblies does that decide what is compiled, or that the result is compiled against.</summary>
    private static string CompilerVersion()
    {
        Type[] deciding = [typeof(IKernelSpec), typeof(CpuWorkers), typeof(DType), typeof(CSharpCompilation), typeof(object)];
        var versions = string.Join(",", deciding.Select(type => type.Module.ModuleVersionId.ToString("N")));
        return Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(versions)))[..16];
    }
}

/// <summary>An assembly in a file, behind the hash of its bytes.</summary>
internal sealed class CachedImage(string path)
{
    /// <summary>The assembly, or null if it is missing or incomplete.</summary>
    public byte[]? Read()
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            if (bytes.Length <= SHA256.HashSizeInBytes) return null;
            var image = bytes[SHA256.HashSizeInBytes..];
            return SHA256.HashData(image).AsSpan().SequenceEqual(bytes.AsSpan(0, SHA256.HashSizeInBytes)) ? image : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps an assembly, if the folder allows it.</summary>
    public void Write(byte[] image)
    {
        var temporary = $"{path}.{Path.GetRandomFileName()}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(temporary, [.. SHA256.HashData(image), .. image]);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full or closed folder; the kernels are in memory all the same.
        }
    }
}
