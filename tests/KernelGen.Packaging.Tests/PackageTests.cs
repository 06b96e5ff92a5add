using System.IO.Compression;
using System.Reflection;

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
        var package = Pack(feed);
        Assert.Contains("analyzers/dotnet/cs/KernelGen.Generator.dll", package);
        Assert.Contains("analyzers/dotnet/cs/KernelGen.Compiler.dll", package);
        Assert.Contains("lib/net8.0/KernelGen.Runtime.dll", package);
        Assert.Contains("lib/net10.0/KernelGen.Runtime.xml", package);

        var consumer = WriteConsumer(feed);
        var printed = DotnetCommand.Run(consumer, "run", "-c", "Release");
        Assert.Contains("right moegate_softmax_e8_k2_f32_cpu", printed);

        DotnetCommand.Run(consumer, "publish", "-c", "Release", "--use-current-runtime", "--self-contained", "-p:PublishTrimmed=true", "-o", "published");
        Assert.Contains("right", DotnetCommand.Execute(Path.Combine(consumer, "published", "Consumer"), consumer));
    }

    private static string[] Pack(string feed)
    {
        DotnetCommand.Run(Root, "pack", "packaging/KernelGen", "-c", Metadata("Configuration"), "--no-build", "-o", feed, $"-p:Version={Version}");
        using var archive = ZipFile.OpenRead(Path.Combine(feed, $"KernelGen.{Version}.nupkg"));
        return archive.Entries.Select(entry => entry.FullName).ToArray();
    }

    private string WriteConsumer(string feed)
    {
        var consumer = Directory.CreateDirectory(Path.Combine(_directory, "Consumer")).FullName;
        var templates = Path.Combine(AppContext.BaseDirectory, "Consumer");
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
