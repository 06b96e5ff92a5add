using KernelGen.Compiler.Families;
using KernelGen.Cpu;

namespace KernelGen.OnDemand;

/// <summary>From the compiler's record of a gate to the runtime's.</summary>
public static class MoeGateSpecExtensions
{
    /// <summary>The configuration that generated code hands to the runtime.</summary>
    public static GateShape ToShape(this MoeGateSpec spec) => new(
        spec.Experts,
        spec.TopK,
        spec.Scoring,
        spec.CorrectionBias,
        spec.Groups,
        spec.TopKGroups,
        spec.Renormalize,
        spec.SharedExperts,
        spec.HashTable);
}
