namespace KernelGen.Compiler.Ptx;

/// <summary>The parameters of an entry.</summary>
internal static class Parameters
{
    private const int TensorMapBytes = 128;

    /// <summary>A parameter's name, such as <c>sortedSlots</c>.</summary>
    public static string Text(this ExpertGemmParameter parameter)
    {
        var name = parameter.ToString();
        return char.ToLowerInvariant(name[0]) + name.Substring(1);
    }

    /// <summary>The declarations of a kernel's parameters.</summary>
    public static IEnumerable<string> Of(GroupedGemmShape shape, bool fetchesWeights, bool roundsOutput) =>
        from ExpertGemmParameter parameter in Enum.GetValues(typeof(ExpertGemmParameter))
        where parameter switch { ExpertGemmParameter.InputScales => shape.QuantizedInputs, ExpertGemmParameter.OutputScales => roundsOutput, _ => true }
        select parameter switch
        {
            ExpertGemmParameter.Weights when fetchesWeights => $".param .align 64 .b8 {parameter.Text()}[{TensorMapBytes}]",
            ExpertGemmParameter.Slots => $".param .u32 {parameter.Text()}",
            _ => $".param .u64 {parameter.Text()}",
        };
}
