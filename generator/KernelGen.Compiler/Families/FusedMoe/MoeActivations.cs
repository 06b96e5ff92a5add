using System.Globalization;

namespace KernelGen.Compiler.Families;

/// <summary>Properties of an activation for validation and naming of specs.</summary>
internal static class MoeActivations
{
    /// <summary>Whether there is an up projection in addition to the gate projection.</summary>
    public static bool IsGated(this MoeActivation activation) =>
        activation is not (MoeActivation.Silu or MoeActivation.Gelu or MoeActivation.Relu2);

    /// <summary>Whether the formula has a limit set by the declaration.</summary>
    public static bool NeedsLimit(this MoeActivation activation) => activation == MoeActivation.SwigluClamp;

    /// <summary>The activation in a variant's name, with its limit, if any, whose decimal point is written as p.</summary>
    public static string ShortName(this MoeActivation activation, float limit) => activation switch
    {
        MoeActivation.SiluAndMul => "silu",
        MoeActivation.GeluAndMul => "gelu",
        MoeActivation.GeluTanhAndMul => "gelu_tanh",
        MoeActivation.SwigluOai => "swiglu_oai",
        MoeActivation.SwigluClamp => "swiglu_clamp" + Identifier(limit),
        MoeActivation.Silu => "silu_ungated",
        MoeActivation.Gelu => "gelu_ungated",
        MoeActivation.Relu2 => "relu2",
        _ => activation.ToString().ToLowerInvariant(),
    };

    // The shortest digits that identify the number, as part of an identifier: 7.5 is 7p5, 1E-05 is 1em05.
    private static string Identifier(float limit) =>
        limit.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant().Replace('.', 'p').Replace('-', 'm').Replace("+", "");
}
