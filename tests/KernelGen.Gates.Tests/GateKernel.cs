using KernelGen.Cpu;

namespace KernelGen.Tests;

/// <summary>The entry of a gate kernel.</summary>
internal readonly unsafe struct GateKernel(nint address)
{
    /// <summary>Routes the tokens from one number up to, not including, another.</summary>
    public delegate*<GateArguments*, int, int, void> Run => (delegate*<GateArguments*, int, int, void>)address;
}
