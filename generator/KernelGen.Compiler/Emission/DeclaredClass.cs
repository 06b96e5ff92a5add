using KernelGen.Compiler.Families;
using KernelGen.Compiler.Tuning;

namespace KernelGen.Compiler.Emission;

/// <summary>A class that declares kernels: all that emission needs, as plain values that compare by content.</summary>
/// <param name="Namespace">Full name of the namespace, empty for the global one. Here and below, names carry no <c>@</c>.</param>
/// <param name="ContainingTypes">The types around the class, the outermost first.</param>
/// <param name="Name">Name of the class.</param>
/// <param name="Modifiers">Modifiers of the class without <c>partial</c>, for example <c>public static</c>.</param>
/// <param name="Gates">The valid gates, in the order of their declaration; no two have the same dispatch key.</param>
/// <param name="Experts">The valid experts, one for each Split-K number; equal dispatch keys differ in that number only.</param>
public sealed record DeclaredClass(
    string Namespace,
    EquatableArray<ContainingType> ContainingTypes,
    string Name,
    string Modifiers,
    EquatableArray<MoeGateSpec> Gates,
    EquatableArray<FusedMoeSpec> Experts)
{
    /// <summary>The valid product-key routers; no two have the same dispatch key.</summary>
    public EquatableArray<OmniRouterSpec> OmniRouters { get; init; } = EquatableArray<OmniRouterSpec>.Empty;

    /// <summary>The valid one-neuron experts; no two have the same dispatch key.</summary>
    public EquatableArray<OmniExpertsSpec> OmniExperts { get; init; } = EquatableArray<OmniExpertsSpec>.Empty;

    /// <summary>What tuning files choose for experts; each entry is for one dispatch key of <see cref="Experts"/>.</summary>
    public EquatableArray<TunedExperts> Tuned { get; init; } = EquatableArray<TunedExperts>.Empty;

    /// <summary>The experts as devices have them, with what tuning files choose there; empty where no file does, and all are as declared.</summary>
    public EquatableArray<FusedMoeSpec> TunedOnDevices { get; init; } = EquatableArray<FusedMoeSpec>.Empty;

    /// <summary>Namespace, containing types and name, divided by dots.</summary>
    public string FullName =>
        string.Join(".", new[] { Namespace }.Concat(ContainingTypes.Select(type => type.Name)).Append(Name).Where(name => name.Length > 0));

    /// <summary>What the names of the class's files start with. Must be unique in a compilation whatever the case of its letters.</summary>
    public string HintName { get; init; } = Name;

    /// <summary>Every variant that the class declares.</summary>
    public IEnumerable<IKernelSpec> Declared => Gates.Concat<IKernelSpec>(Experts).Concat(OmniRouters).Concat(OmniExperts);

    /// <summary>The experts that devices have.</summary>
    public IReadOnlyList<FusedMoeSpec> DeviceExperts => TunedOnDevices.Count > 0 ? TunedOnDevices : Experts;

    /// <summary>Every variant that devices have.</summary>
    public IEnumerable<IKernelSpec> DeviceVariants => Gates.Concat<IKernelSpec>(DeviceExperts).Concat(OmniRouters).Concat(OmniExperts);

    /// <summary>Every variant that the class has on a CPU: those it declares, and those that tuning files add.</summary>
    public IEnumerable<IKernelSpec> Variants => Declared.Concat(Tuned.SelectMany(tuned => tuned.Variants));
}

/// <summary>A type around a declared class.</summary>
/// <param name="Keyword">Its kind, for example <c>class</c> or <c>record struct</c>.</param>
/// <param name="Name">Its name.</param>
public sealed record ContainingType(string Keyword, string Name);
