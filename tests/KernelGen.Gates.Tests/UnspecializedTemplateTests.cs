using KernelGen.Compiler.Families;
using KernelGen.Templates.Cpu;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>The template as it stands: ordinary C# with its default constants.</summary>
public unsafe class UnspecializedTemplateTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(33)]
    public void RoutesLikeTheReference(int tokens)
    {
        var spec = new MoeGateSpec(384, 6, GateScoring.Sigmoid, true, 1, 1, true);
        GateInputs.Case(spec, tokens, new SeededRandom(tokens)).Check(new GateKernel((nint)(delegate*<in Cpu.GateArguments, void>)&MoeGate<float>.Run), "the template");
    }
}
