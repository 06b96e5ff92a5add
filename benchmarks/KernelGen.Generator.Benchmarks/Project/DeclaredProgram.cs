namespace KernelGen.Generator.Benchmarks;

/// <summary>A console program as a user would write it, with a given set of declarations.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Declarations">How many attributes it has.</param>
/// <param name="Source">The program's one file.</param>
internal sealed record DeclaredProgram(string Name, int Declarations, string Source)
{
    private const string Main = "System.Console.WriteLine(\"declared\");\n";

    private static readonly string[] Gates =
    [
        "[MoeGate(Experts = 8, TopK = 2)]",
        "[MoeGate(Experts = 128, TopK = 8)]",
        "[MoeGate(Experts = 256, TopK = 8, Scoring = GateScoring.Sigmoid, CorrectionBias = true, Groups = 8, TopKGroups = 4)]",
        "[MoeGate(Experts = 32, TopK = 4)]",
    ];

    private static readonly string[] Experts =
    [
        "[FusedMoe(Experts = 8, TopK = 2, HiddenSize = 4096, IntermediateSize = 14336, WeightType = DType.BFloat16)]",
        "[FusedMoe(Experts = 128, TopK = 8, HiddenSize = 2048, IntermediateSize = 768, WeightType = DType.BFloat16)]",
        "[FusedMoe(Experts = 128, TopK = 8, HiddenSize = 2048, IntermediateSize = 768, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128)]",
        "[FusedMoe(Experts = 128, TopK = 8, HiddenSize = 2048, IntermediateSize = 768, WeightType = DType.Int4, Quantization = WeightQuantization.Group, GroupSize = 128)]",
        "[FusedMoe(Experts = 256, TopK = 8, HiddenSize = 7168, IntermediateSize = 2048, WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128)]",
        "[FusedMoe(Experts = 1, TopK = 1, HiddenSize = 7168, IntermediateSize = 2048, WeightType = DType.BFloat16)]",
        "[FusedMoe(Experts = 32, TopK = 4, HiddenSize = 2880, IntermediateSize = 2880, WeightType = DType.BFloat16, Activation = MoeActivation.SwigluOai, Bias = true)]",
    ];

    /// <summary>The same program with nothing declared.</summary>
    public static DeclaredProgram Empty { get; } = new("nothing declared", 0, Main);

    /// <summary>The layers of Mixtral, Qwen3 in three formats, DeepSeek V3 with its shared expert, and gpt-oss.</summary>
    public static DeclaredProgram Models { get; } = Of("four gates, seven experts", [.. Gates], [.. Experts]);

    /// <summary><see cref="Models"/> and one more declaration of a format that is there.</summary>
    public static DeclaredProgram OneMore { get; } = Of("one more of a format", [.. Gates],
        [.. Experts, "[FusedMoe(Experts = 64, TopK = 8, HiddenSize = 2048, IntermediateSize = 1024, WeightType = DType.BFloat16)]"]);

    /// <summary>The first <paramref name="count"/> layers of experts, without gates.</summary>
    public static DeclaredProgram OfExperts(int count) => Of(count == 1 ? "one layer of experts" : $"{count} layers of experts", [], Experts[..count]);

    /// <summary>As many classes as asked for, each with one layer of experts of its own sizes.</summary>
    public static DeclaredProgram Classes(int count) => new(
        $"{count} classes with experts",
        count,
        $"using KernelGen;\n{Main}" + string.Concat(Enumerable.Range(0, count).Select(number =>
            $"[FusedMoe(Experts = {8 + number}, TopK = 2, HiddenSize = {2048 + (64 * (number % 32))}, IntermediateSize = {768 + (32 * (number % 7))}{Format(number)})]\n"
            + $"public static partial class Layer{number};\n")));

    private static DeclaredProgram Of(string name, string[] gates, string[] experts) => new(
        name, gates.Length + experts.Length, $"using KernelGen;\n{Main}" + Class("Gates", gates) + Class("Experts", experts));

    private static string Class(string name, string[] attributes) =>
        attributes.Length == 0 ? "" : $"{string.Join('\n', attributes)}\npublic static partial class {name};\n";

    private static string Format(int number) => (number % 4) switch
    {
        0 => "",
        1 => ", WeightType = DType.BFloat16",
        2 => ", WeightType = DType.Float8E4M3, Quantization = WeightQuantization.Block128",
        _ => ", WeightType = DType.Int4, Quantization = WeightQuantization.Group, GroupSize = 128",
    };
}
