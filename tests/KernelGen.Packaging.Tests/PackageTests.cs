using System.IO.Compression;
using System.Reflection;
using System.Xml.Linq;

namespace KernelGen.Tests;

/// <summary>What a user gets from the package: restored from a folder feed, built, run, and published trimmed.</summary>
public sealed class PackageTests : IDisposable
{
    private static readonly string Root = Metadata("KernelGenRoot");
    private static readonly string Version = $"0.0.0-test.{DateTime.UtcNow.Ticks}";

    private readonly string _directory = Directory.CreateTempSubdirectory("kernelgen-package-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void AConsumerRestoresBuildsRunsAndPublishesTrimmed()
    {
        var feed = Path.Combine(_directory, "feed");
        var package = Pack("KernelGen", feed);
        Assert.Contains("analyzers/dotnet/cs/KernelGen.Generator.dll", package);
        Assert.Contains("analyzers/dotnet/cs/KernelGen.Compiler.dll", package);
        Assert.Contains("analyzers/dotnet/cs/Scriban.Signed.dll", package);
        Assert.Contains("analyzers/dotnet/cs/System.Text.Json.dll", package);
        Assert.DoesNotContain(package, file => file.Contains("Microsoft.CodeAnalysis"));
        Assert.Contains("lib/net8.0/KernelGen.Runtime.dll", package);
        Assert.Contains("lib/net10.0/KernelGen.Runtime.xml", package);

        var consumer = WriteConsumer("Cpu", feed);
        var tuning = Directory.CreateDirectory(Path.Combine(consumer, "tuning")).FullName;
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Consumer", "Cpu", "Tuning.json.template"), Path.Combine(tuning, "E=8,N=24,device_name=AMD_EPYC,dtype=float32.json"));
        var printed = DotnetCommand.Run(consumer, "run", "-c", "Release");
        Assert.Contains("right moegate_softmax_e8_k2_f32_cpu", printed);
        Assert.Contains("tuned fusedmoe_silu_e8_k2_h32_i24_f32_splitk2_cpu_v256m16r4d256n24t6, fusedmoe_silu_e8_k2_h32_i24_f32_cpu_v256m8r4d512n48t12", printed);

        DotnetCommand.Run(consumer, "publish", "-c", "Release", "--use-current-runtime", "--self-contained", "-p:PublishTrimmed=true", "-o", "published");
        Assert.Contains("right", DotnetCommand.Execute(Path.Combine(consumer, "published", "Consumer"), consumer));
    }

    [Fact]
    public void AnotherGeneratorMayBringOtherVersionsOfWhatOursNeeds()
    {
        var neighbour = Directory.CreateDirectory(Path.Combine(_directory, "Neighbour")).FullName;
        foreach (var file in new[] { "Neighbour.csproj", "NeighbourGenerator.cs" })
            File.Copy(Path.Combine(AppContext.BaseDirectory, "Consumer", "Neighbour", $"{file}.template"), Path.Combine(neighbour, file));
        DotnetCommand.Run(neighbour, "build", "-c", "Release");

        var feed = Path.Combine(_directory, "feed");
        Pack("KernelGen", feed);
        Assert.Contains("moegate_softmax_e8_k2_f32_cpu beside Scriban 7.2.1", DotnetCommand.Run(WriteConsumer("Beside", feed), "run", "-c", "Release"));
    }

    [Fact]
    public void AConsumerOfTheGpuHalfRestoresBuildsAndRuns()
    {
        var feed = Path.Combine(_directory, "feed");
        Pack("KernelGen", feed);
        var package = Pack("KernelGen.Ilgpu", feed);
        Assert.Contains("lib/net8.0/KernelGen.Ilgpu.dll", package);
        Assert.Contains("lib/net10.0/KernelGen.Ilgpu.xml", package);
        Assert.DoesNotContain(package, file => file.EndsWith(".dll", StringComparison.Ordinal) && !file.EndsWith("/KernelGen.Ilgpu.dll", StringComparison.Ordinal));
        Assert.Equal([("ILGPU", "[1.5.3]"), ("KernelGen", Version)], Dependencies(feed, "KernelGen.Ilgpu"));

        Assert.Contains("right on a device", DotnetCommand.Run(WriteConsumer("Ilgpu", feed), "run", "-c", "Release"));
    }

    private static string[] Pack(string name, string feed)
    {
        DotnetCommand.Run(Root, "pack", $"packaging/{name}", "-c", Metadata("Configuration"), "--no-build", "-o", feed, $"-p:Version={Version}");
        using var archive = ZipFile.OpenRead(Path.Combine(feed, $"{name}.{Version}.nupkg"));
        return archive.Entries.Select(entry => entry.FullName).ToArray();
    }

    private static (string Id, string Version)[] Dependencies(string feed, string name)
    {
        using var archive = ZipFile.OpenRead(Path.Combine(feed, $"{name}.{Version}.nupkg"));
        using var manifest = archive.GetEntry($"{name}.nuspec")!.Open();
        var dependencies = XDocument.Load(manifest).Descendants().Where(element => element.Name.LocalName == "dependency");
        return [.. dependencies.Select(element => (element.Attribute("id")!.Value, element.Attribute("version")!.Value)).Distinct().Order()];
    }

    private string WriteConsumer(string kind, string feed)
    {
        var consumer = Directory.CreateDirectory(Path.Combine(_directory, "Consumer")).FullName;
        var templates = Path.Combine(AppContext.BaseDirectory, "Consumer", kind);
        File.WriteAllText(Path.Combine(consumer, "Consumer.csproj"), File.ReadAllText(Path.Combine(templates, "Consumer.csproj.template")).Replace("KERNELGEN_VERSION", Version));
        File.Copy(Path.Combine(templates, "Program.cs.template"), Path.Combine(consumer, "Program.cs"));

        // KernelGen comes from the folder feed and goes into a folder of this test's own; everything else comes from where it always does.
        File.WriteAllText(Path.Combine(consumer, "nuget.config"), $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{Path.Combine(_directory, "packages")}" /></config>
              <fallbackPackageFolders><add key="machine" value="{PackageFolder()}" /></fallbackPackageFolders>
              <packageSources><add key="feed" value="{feed}" /></packageSources>
            </configuration>
            """);
        return consumer;
    }

    private static string PackageFolder() =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static string Metadata(string key) =>
        typeof(PackageTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
