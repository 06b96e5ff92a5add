namespace KernelGen.Compiler.Families;

/// <summary>The limits of a spec, and checks shared by all families.</summary>
public static class SpecLimits
{
    /// <summary>Maximum number of experts.</summary>
    public const int Experts = 4096;

    /// <summary>Maximum top-k.</summary>
    public const int TopK = 64;

    /// <summary>Maximum hidden or intermediate size.</summary>
    public const int Width = 65_536;

    /// <summary>Maximum number of Split-K slices.</summary>
    public const int SplitK = 64;

    internal static SpecProblem? Range(string argument, int value, int most) => value >= 1 && value <= most
        ? null
        : new SpecProblem("KG0003", $"{argument} is {value}; it must be between 1 and {most}", argument);

    /// <summary>Ignores sizes that <see cref="Range"/> already rejects.</summary>
    internal static SpecProblem? TopKWithin(int topK, int experts, string name = "TopK") => experts < 1 || topK <= experts || topK > TopK
        ? null
        : new SpecProblem("KG0004", $"{name} is {topK}, but there are only {experts} experts", "TopK");

    internal static SpecProblem? Known<TEnum>(string argument, TEnum value)
        where TEnum : struct, Enum => Enum.IsDefined(typeof(TEnum), value)
        ? null
        : new SpecProblem("KG0011", $"{argument} has the value {value}, which is not a member of {typeof(TEnum).Name}", argument);
}
