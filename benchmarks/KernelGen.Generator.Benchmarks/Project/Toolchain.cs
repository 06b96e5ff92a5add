namespace KernelGen.Generator.Benchmarks;

/// <summary>What a compilation is made with: the SDK's compiler and reference assemblies, and one checkout's libraries and generator.</summary>
internal sealed class Toolchain
{
    private static readonly string DotnetRoot = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));

    private static readonly string[] Framework = FrameworkReferences();

    private readonly string[] _runtime;
    private readonly string[] _ilgpu;

    /// <summary>Takes what the Release build of a checkout has left in its folders.</summary>
    public Toolchain(string root)
    {
        var libraries = Path.Combine(root, "benchmarks", "KernelGen.Generator.Benchmarks", "bin", "Release", "net10.0");
        _runtime = Existing(libraries, "KernelGen.Abstractions.dll", "KernelGen.Runtime.dll", "System.Numerics.Tensors.dll", "Microsoft.Extensions.Logging.Abstractions.dll");
        _ilgpu = Existing(Path.Combine(root, "runtime", "KernelGen.Ilgpu", "bin", "Release", "net10.0"), "KernelGen.Ilgpu.dll")
            .Append(Path.Combine(AppContext.BaseDirectory, "ILGPU.dll")).ToArray();
        Analyzers = Directory.GetFiles(Path.Combine(root, "generator", "KernelGen.Generator", "bin", "Release", "netstandard2.0"), "*.dll");
    }

    /// <summary>The SDK's host.</summary>
    public static string Dotnet { get; } = Path.Combine(DotnetRoot, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");

    /// <summary>The newest SDK's compiler.</summary>
    public static string Compiler { get; } = Path.Combine(Newest(Path.Combine(DotnetRoot, "sdk")), "Roslyn", "bincore", "csc.dll");

    /// <summary>The generator and what it needs.</summary>
    public IReadOnlyList<string> Analyzers { get; }

    /// <summary>What a user's project references.</summary>
    public IEnumerable<string> References(bool ilgpu) => [.. Framework, .. _runtime, .. ilgpu ? _ilgpu : []];

    private static string[] FrameworkReferences()
    {
        var pack = Newest(Path.Combine(DotnetRoot, "packs", "Microsoft.NETCore.App.Ref"));
        return Directory.GetFiles(Directory.GetDirectories(Path.Combine(pack, "ref")).Single(), "*.dll");
    }

    private static string Newest(string folder) => Directory.GetDirectories(folder)
        .OrderBy(path => Version.TryParse(Path.GetFileName(path).Split('-')[0], out var version) ? version : new Version(0, 0)).Last();

    private static string[] Existing(string folder, params string[] names) => names
        .Select(name => Path.Combine(folder, name))
        .Select(path => File.Exists(path) ? path : throw new FileNotFoundException($"{path} is missing; build that checkout with dotnet build -c Release", path))
        .ToArray();
}
