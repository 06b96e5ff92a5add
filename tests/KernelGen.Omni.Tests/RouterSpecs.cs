using KernelGen.Compiler.Families;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Routers that tests are about.</summary>
internal static class RouterSpecs
{
    /// <summary>Small and large ones, with few and many experts for their keys.</summary>
    public static OmniRouterSpec[] Corners { get; } =
    [
        new(1, 1), new(2, 1), new(2, 3), new(2, 4), new(3, 8), new(3, 9), new(5, 25), new(12, 128), new(16, 16), new(17, 16),
        new(48, 1), new(48, 17), new(48, 128), new(100, 2), new(100, 100), new(128, 128), new(256, 16), new(256, 8), new(300, 31),
        new(1024, 16), new(1024, 128),
    ];

    /// <summary>Any other.</summary>
    public static OmniRouterSpec Random(SeededRandom random)
    {
        var perAxis = random.Int(1, random.Pick(8, 64, 300));
        var spec = new OmniRouterSpec(perAxis, random.Int(1, Math.Min(perAxis * perAxis, random.Pick(16, 128))));
        Assert.Empty(spec.Validate());
        return spec;
    }
}
