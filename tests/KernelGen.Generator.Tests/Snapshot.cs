using System.Runtime.CompilerServices;

namespace KernelGen.Tests;

/// <summary>Generated files kept under <c>Snapshots/</c> and reviewed like code. KERNELGEN_UPDATE_SNAPSHOTS=1 rewrites them.</summary>
internal static class Snapshot
{
    private static readonly bool Update = Environment.GetEnvironmentVariable("KERNELGEN_UPDATE_SNAPSHOTS") == "1";

    public static void Verify(string fileName, string actual, [CallerFilePath] string testFile = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(testFile)!, "Snapshots", fileName);
        if (Update) File.WriteAllText(path, actual);
        Assert.True(File.Exists(path), $"{path} does not exist; set KERNELGEN_UPDATE_SNAPSHOTS=1 to write it, then review it");
        Assert.Equal(File.ReadAllText(path), actual);
    }
}
