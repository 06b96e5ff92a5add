using KernelGen.Compiler.Families;
using KernelGen.OnDemand;

namespace KernelGen.Tool.Tests.Tune;

public class KernelCacheTests
{
    [Fact]
    public void AKernelIsKeptAndADamagedFileIsCompiledAnew()
    {
        using var folder = new TemporaryFolder();
        var spec = new FusedMoeSpec(2, 1, 16, 16, MoeActivation.SiluAndMul, DType.Float32);
        var kept = new KernelCache(folder.File("a")).Compile(spec);
        Assert.NotNull(kept.Forward<float>());
        Assert.Same(kept, new KernelCache(folder.File("a")).Compile(spec)); // loaded once
        var file = Assert.Single(Directory.GetFiles(folder.File("a"), "*", SearchOption.AllDirectories));
        Assert.Contains(spec.VariantName, file);

        // Elsewhere, as another process would find it: cut short, then changed in the middle.
        var bytes = File.ReadAllBytes(file);
        foreach (var (name, damaged) in new[] { ("b", bytes[..100]), ("c", [.. bytes[..2000], (byte)~bytes[2000], .. bytes[2001..]]) })
        {
            var copy = file.Replace(folder.File("a"), folder.File(name), StringComparison.Ordinal);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.WriteAllBytes(copy, damaged);
            Assert.NotNull(new KernelCache(folder.File(name)).Compile(spec).Forward<float>());
            Assert.True(File.ReadAllBytes(copy).Length > 2000);
            Assert.NotEqual(damaged, File.ReadAllBytes(copy));
        }
    }

    [Fact]
    public void AFolderThatCannotBeWrittenCostsNothingButTime()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("file"), "");
        var spec = new FusedMoeSpec(2, 1, 16, 32, MoeActivation.SiluAndMul, DType.Float32);
        Assert.NotNull(new KernelCache(folder.File("file")).Compile(spec).Forward<float>());
    }
}
