using KernelGen.Compiler.Families;

namespace KernelGen.Tests;

/// <summary>One-neuron experts that tests are about.</summary>
internal static class NeuronSpecs
{
    /// <summary>Widths with and without rests of vectors; few and many experts.</summary>
    public static OmniExpertsSpec[] Corners { get; } =
    [
        new(1, 1, 1), new(2, 3, 5), new(3, 9, 8), new(7, 5, 31), new(8, 17, 32), new(10, 16, 100), new(12, 128, 67), new(16, 8, 256),
    ];
}
