namespace KernelGen;

/// <summary>A kernel specialised for one configuration.</summary>
/// <param name="Name">Canonical name, for example <c>moegate_softmax_e8_k2_f32_cpu</c>.</param>
/// <param name="Declaration">The attribute that declares it, in C# syntax.</param>
public sealed record KernelVariant(string Name, string Declaration)
{
    /// <summary>The canonical name.</summary>
    public override string ToString() => Name;
}
