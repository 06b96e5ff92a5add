using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Attributes with values that nobody would write, and some that somebody would.</summary>
internal sealed class RandomDeclarations(SeededRandom random)
{
    private static readonly string[] Numbers =
        ["int.MinValue", "-1", "0", "1", "2", "3", "4", "8", "16", "64", "65", "4097", "65536", "65537", "int.MaxValue", "unchecked(int.MaxValue + 1)"];

    private static readonly string[] Damage = ["", ";", ")", "]", ",", "=", "\"", "'", "{", "new[]", "null", "default", "nameof(X)", "/*", "#if", "\u0000", "é", "@", "<"];

    /// <summary>An attribute that binds, whatever its values are.</summary>
    public string Attribute() => random.Int(0, 4) == 0
        ? random.Bool()
            ? Write("OmniRouter", Int("ExpertsPerAxis"), Int("TopK"), Bool("Specialize"))
            : Write("OmniExperts", Int("ExpertsPerAxis"), Int("TopK"), Int("HiddenSize"), Bool("Specialize"))
        : random.Bool()
        ? Write("MoeGate", Int("Experts"), Int("TopK"), Enum("Scoring", "GateScoring"), Bool("CorrectionBias"), Int("Groups"), Int("TopKGroups"), Bool("Renormalize"), Enum("LogitsType", "DType"), Int("SharedExperts"), Bool("HashTable"), Bool("Specialize"))
        : Write("FusedMoe", Int("Experts"), Int("TopK"), Int("HiddenSize"), Int("IntermediateSize"), Enum("Activation", "MoeActivation"), Limit(), Bool("Bias"), Bool("RouterWeightOnInput"), Enum("WeightType", "DType"), Enum("Quantization", "WeightQuantization"), Enum("ActivationQuantization", "ActivationQuantization"), SplitK(), Bool("Specialize"));

    /// <summary>A text as it stands in an editor half-way: some of it cut out or replaced.</summary>
    public string Damaged(string text)
    {
        var start = random.Int(0, text.Length - 1);
        var length = random.Int(0, Math.Min(12, text.Length - start));
        return text[..start] + random.Pick(Damage) + text[(start + length)..];
    }

    private string Write(string name, params string[] arguments)
    {
        var order = random.Permutation(arguments.Length);
        return $"[KernelGen.{name}({string.Join(", ", order.Select(place => arguments[place]).Where(_ => random.Int(0, 9) > 0).Where(argument => argument.Length > 0))})]";
    }

    private string Int(string name) => $"{name} = {random.Pick(Numbers)}";

    private string Bool(string name) => random.Int(0, 3) == 0 ? $"{name} = {random.Pick("true", "false")}" : "";

    private string Enum(string name, string type) => random.Pick("", "", $"{name} = (KernelGen.{type})({random.Pick(Numbers)})", $"{name} = default");

    private string Limit() => random.Pick("", "", "ActivationLimit = 7", "ActivationLimit = -0f", "ActivationLimit = float.NaN", "ActivationLimit = 1e-45f", "ActivationLimit = float.MaxValue");

    private string SplitK() => random.Pick(
        "", "SplitK = null", "SplitK = default", "SplitK = new int[0]", $"SplitK = new[] {{ {random.Pick(Numbers)}, {random.Pick(Numbers)} }}", $"SplitK = new int[] {{ {random.Pick(Numbers)} }}");
}
