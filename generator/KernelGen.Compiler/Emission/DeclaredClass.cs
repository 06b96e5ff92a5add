using KernelGen.Compiler.Families;
using KernelGen.Compiler.Tuning;

namespace KernelGen.Compiler.Emission;

/// <summary>A class and what it declares of one family: all that emission needs, as plain values that compare by content.</summary>
/// <param name="Place">Where the class stands.</param>
/// <param name="Family">The family.</param>
/// <param name="Specs">The valid specs, in the order of their declaration.</param>
public sealed record DeclaredClass(ClassPlace Place, KernelFamily Family, EquatableArray<IKernelSpec> Specs)
{
    /// <summary>What tuning files choose on the CPU; each entry is for one dispatch key of <see cref="Specs"/>.</summary>
    public EquatableArray<TunedExperts> Tuned { get; init; } = EquatableArray<TunedExperts>.Empty;

    /// <summary>The specs as devices have them, with what tuning files choose there; empty where no file does, and all are as declared.</summary>
    public EquatableArray<IKernelSpec> TunedOnDevices { get; init; } = EquatableArray<IKernelSpec>.Empty;

    /// <summary>Every variant that devices have.</summary>
    public IReadOnlyList<IKernelSpec> DeviceVariants => TunedOnDevices.Count > 0 ? TunedOnDevices : Specs;

    /// <summary>Every variant that the class has on a CPU: those it declares, and those that tuning files add.</summary>
    public IEnumerable<IKernelSpec> Variants => Specs.Concat(Tuned.SelectMany(tuned => tuned.Variants));
}
