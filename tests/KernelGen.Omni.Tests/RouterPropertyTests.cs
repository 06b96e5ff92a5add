using KernelGen.Compiler.Families;
using KernelGen.Cpu;
using KernelGen.OnDemand;
using KernelGen.Templates.Cpu;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Specialised routers of every kind and width against the definition, bit by bit.</summary>
public unsafe class RouterPropertyTests
{
    [Fact]
    public void EveryKindOfRouterRoutesLikeTheDefinition()
    {
        var random = new SeededRandom();
        var specs = RouterSpecs.Corners.Concat(Enumerable.Range(0, 6).Select(_ => RouterSpecs.Random(random))).DistinctBy(spec => spec.DispatchKey).ToArray();
        var routers = KernelAssembly.Compile(specs);
        foreach (var spec in specs)
        {
            foreach (var tokens in spec.ExpertsPerAxis > 400 ? new[] { 1, 8 } : [0, 1, 33, 64])
            {
                var routed = new RouterCase(spec, tokens, random);
                foreach (var bits in CpuRecipe.VectorWidths) routed.Check(Route(routers.Kernel(spec, bits)), $"{bits} bits");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(33)]
    public void TheTemplateAsItStandsDoesToo(int tokens) =>
        new RouterCase(new OmniRouterSpec(256, 16), tokens, new SeededRandom(tokens)).Check(Route((nint)(delegate*<in OmniRouterArguments, void>)&OmniRouter.Run), "the template");

    [Fact]
    public void SoDoesAVariantThatIsNotSpecialised()
    {
        var spec = new OmniRouterSpec(48, 17, Specialize: false);
        var router = KernelAssembly.Compile(spec);
        foreach (var bits in CpuRecipe.VectorWidths) new RouterCase(spec, 9, new SeededRandom(bits)).Check(Route(router.Kernel(spec, bits)), $"{bits} bits");
    }

    [Fact]
    public void TheLargestRouterIsExact()
    {
        var spec = new OmniRouterSpec(4096, 128);
        var router = KernelAssembly.Compile(spec);
        var routed = new RouterCase(spec, 1, new SeededRandom());
        foreach (var bits in CpuRecipe.VectorWidths) routed.Check(Route(router.Kernel(spec, bits)), $"{bits} bits");
    }

    private static OmniRoute Route(nint kernel) =>
        (x, y, scores, indices, cancellation) => OmniRouterCall.Create(x, y, scores, indices).Run((delegate*<in OmniRouterArguments, void>)kernel, cancellation);
}
