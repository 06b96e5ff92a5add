namespace KernelGen.Compiler.Families;

/// <summary>The sizes a spec may have, and the checks that every family shares.</summary>
public static class SpecLimits
{
    /// <summary>Largest number of experts.</summary>
    public const int Experts = 4096;

    /// <summary>Largest top-k.</summary>
    public const int TopK = 64;

    /// <summary>Largest hidden or intermediate size.</summary>
    public const int Width = 65_536;

    /// <summary>Largest number of Split-K slices.</summary>
    public const int SplitK = 64;

    internal static SpecProblem? Range(string argument, int value, int most) => value >= 1 && value <= most
        ? null
        : new SpecProblem("KG0003", $"{argument} is {value}; it must lie between 1 and {most}", argument);

    /// <summary>Says nothing about sizes that <see cref="Range"/> rejects already.</summary>
    internal static SpecProblem? TopKWithin(int topK, int experts, string name = "TopK") => experts < 1 || topK <= experts || topK > TopK
        ? null
        : new SpecProblem("KG0004", $"{name} is {topK}, but there are only {experts} experts", "TopK");

    internal static SpecProblem? Known<TEnum>(string argument, TEnum value)
        where TEnum : struct, Enum => Enum.IsDefined(typeof(TEnum), value)
        ? null
        : new SpecProblem("KG0011", $"{argument} has the value {value}, which {typeof(TEnum).Name} does not name", argument);
}
