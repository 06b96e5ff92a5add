using KernelGen.Compiler.Families;
using KernelGen.OnDemand;
using KernelGen.Templates.Cpu;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Specialised routers of every kind and width against the definition, bit by bit.</summary>
public unsafe class RouterPropertyTests
{
    private static readonly OmniRouterSpec[] Corners =
    [
        new(1, 1), new(2, 1), new(2, 3), new(2, 4), new(3, 8), new(3, 9), new(5, 25), new(12, 128), new(16, 16), new(17, 16),
        new(48, 1), new(48, 17), new(48, 128), new(100, 2), new(100, 100), new(128, 128), new(256, 16), new(256, 8), new(300, 31),
        new(1024, 16), new(1024, 128),
    ];

    [Fact]
    public void EveryKindOfRouterRoutesLikeTheDefinition()
    {
        var random = new SeededRandom();
        var specs = Corners.Concat(Enumerable.Range(0, 6).Select(_ => RandomSpec(random))).DistinctBy(spec => spec.DispatchKey).ToArray();
        var routers = KernelAssembly.Compile(specs);
        foreach (var spec in specs)
        {
            foreach (var tokens in spec.ExpertsPerAxis > 400 ? new[] { 1, 8 } : [0, 1, 33, 64])
            {
                var routed = new RouterCase(spec, tokens, random);
                foreach (var bits in KernelRecipe.VectorWidths) routed.Check(routers.Kernel(spec, bits), $"{bits} bits");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(33)]
    public void TheTemplateAsItStandsDoesToo(int tokens) =>
        new RouterCase(new OmniRouterSpec(256, 16), tokens, new SeededRandom(tokens)).Check((nint)(delegate*<in Cpu.OmniRouterArguments, void>)&OmniRouter.Run, "the template");

    [Fact]
    public void SoDoesAVariantThatIsNotSpecialised()
    {
        var spec = new OmniRouterSpec(48, 17, Specialize: false);
        var router = KernelAssembly.Compile(spec);
        foreach (var bits in KernelRecipe.VectorWidths) new RouterCase(spec, 9, new SeededRandom(bits)).Check(router.Kernel(spec, bits), $"{bits} bits");
    }

    [Fact]
    public void TheLargestRouterIsExact()
    {
        var spec = new OmniRouterSpec(4096, 128);
        var router = KernelAssembly.Compile(spec);
        var routed = new RouterCase(spec, 1, new SeededRandom());
        foreach (var bits in KernelRecipe.VectorWidths) routed.Check(router.Kernel(spec, bits), $"{bits} bits");
    }

    private static OmniRouterSpec RandomSpec(SeededRandom random)
    {
        var perAxis = random.Int(1, random.Pick(8, 64, 300));
        var spec = new OmniRouterSpec(perAxis, random.Int(1, Math.Min(perAxis * perAxis, random.Pick(16, 128))));
        Assert.Empty(spec.Validate());
        return spec;
    }
}
