using KernelGen.Cpu;

namespace KernelGen.Tests;

/// <summary>The entry of a gate kernel.</summary>
internal readonly unsafe struct GateKernel(nint address)
{
    public delegate*<in GateArguments, void> Run => (delegate*<in GateArguments, void>)address;
}
