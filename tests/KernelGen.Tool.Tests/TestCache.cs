using System.Runtime.CompilerServices;
using KernelGen.OnDemand;

namespace KernelGen.Tool.Tests;

/// <summary>Tests keep compiled kernels out of the user's own folder.</summary>
internal static class TestCache
{
    [ModuleInitializer]
    internal static void Move()
    {
        var folder = Directory.CreateTempSubdirectory("kernelgen-cache-");
        Environment.SetEnvironmentVariable(KernelCache.FolderVariable, folder.FullName);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Delete(recursive: true);
    }
}
