using KernelGen.Cpu;

namespace KernelGen.Tests;

/// <summary>The entry of a gate kernel.</summary>
internal readonly unsafe struct GateKernel(nint address)
{
    /// <summary>Routes the tokens of a call.</summary>
    public delegate*<in GateArguments, void> Run => (delegate*<in GateArguments, void>)address;
}
