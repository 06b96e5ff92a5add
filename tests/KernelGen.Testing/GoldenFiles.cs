namespace KernelGen.Testing;

/// <summary>Where the golden data of <c>tests/golden</c> lies.</summary>
public static class GoldenFiles
{
    /// <summary>The folder <c>tests/golden</c>, found from the test's own folder upwards.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A file or folder below <see cref="Root"/>, for example <c>GoldenFiles.Path("mixtral-a", "config.json")</c>.</summary>
    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var candidate = System.IO.Path.Combine(directory.FullName, "tests", "golden");
            if (Directory.Exists(candidate)) return candidate;
        }

        throw new DirectoryNotFoundException($"there is no folder tests/golden above {AppContext.BaseDirectory}");
    }
}
