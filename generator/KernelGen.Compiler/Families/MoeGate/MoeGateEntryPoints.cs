using KernelGen.Compiler.Dispatch;

namespace KernelGen.Compiler.Families;

/// <summary><c>Route</c> and <c>RouteByTable</c>, one for each type of logits.</summary>
internal static class MoeGateEntryPoints
{
    private static readonly DispatchAxis[] Axes =
    [
        DispatchAxis.Int("Experts", "Number of experts, E.", spec => ((MoeGateSpec)spec).Experts),
        DispatchAxis.Int("TopK", "Experts per token, k.", spec => ((MoeGateSpec)spec).TopK),
        DispatchAxis.Bool("CorrectionBias", "Whether the call has a correction bias.", spec => ((MoeGateSpec)spec).CorrectionBias) with { CallProperty = "HasCorrectionBias" },
        DispatchAxis.Enum("LogitsType", "Type of the logits.", spec => ((MoeGateSpec)spec).LogitsType) with { IsOptional = true },
        DispatchAxis.Bool("HashTable", "Whether a table holds each token's experts.", spec => ((MoeGateSpec)spec).HashTable) with { IsOptional = true },
    ];

    public static Dispatcher Of(IReadOnlyList<MoeGateSpec> gates) => new("NoSuchGate", Axes, [.. gates
        .GroupBy(gate => (gate.LogitsType, gate.HashTable))
        .Select(alike => alike.Key.HashTable ? RouteByTable(alike.Key.LogitsType, [.. alike]) : Route(alike.Key.LogitsType, [.. alike]))]);

    private static EntryPoint Route(DType logits, IReadOnlyList<MoeGateSpec> gates)
    {
        var shared = gates.Any(gate => gate.SharedExperts > 0);
        return new EntryPoint(
            "Route",
            "Selects each token's top-k experts and computes their weights.",
            $"GateCall<{LogitType(logits)}>.Create",
            $"DeviceGateCall<{LogitType(logits)}>.Create",
            [
                new("logits", ParameterKind.Matrix, LogitType(logits), "The router's logits, [T, E]."),
                new("correctionBias", ParameterKind.Vector, "float", "Added to the scores for the selection only, [E]; empty for a gate without a bias."),
                new("weights", ParameterKind.OutputMatrix, "float", $"Receives the weights, [T, k], in descending order of the scores that selected them.{(shared ? " Shared experts come last." : "")}"),
                new("experts", ParameterKind.OutputMatrix, "int", "Receives the expert ids, [T, k], in the same order. Of equal scores the lower id wins."),
                new("routedScalingFactor", ParameterKind.Value, "float", $"Multiplies all weights{(shared ? " but those of shared experts" : "")}.", "1f"),
                Padding,
            ],
            Axes.Take(3).ToArray(),
            gates)
        {
            Fixed = FixedBy(logits, hashTable: false),
        };
    }

    private static EntryPoint RouteByTable(DType logits, IReadOnlyList<MoeGateSpec> gates) => new(
        "RouteByTable",
        "Computes the weights of the experts that a table lists for each token.",
        $"GateCall<{LogitType(logits)}>.CreateByTable",
        $"DeviceGateCall<{LogitType(logits)}>.CreateByTable",
        [
            new("logits", ParameterKind.Matrix, LogitType(logits), "The router's logits, [T, E]."),
            new("tokenIds", ParameterKind.Vector, "int", "Each token's row of the table, [T]."),
            new("table", ParameterKind.Matrix, "int", "Expert ids, [vocabulary, k]."),
            new("weights", ParameterKind.OutputMatrix, "float", "Receives the experts' weights, [T, k]."),
            new("experts", ParameterKind.OutputMatrix, "int", "Receives the expert ids, [T, k], in the table's order."),
            new("routedScalingFactor", ParameterKind.Value, "float", "Multiplies all weights.", "1f"),
            Padding,
        ],
        Axes.Take(2).ToArray(),
        gates)
    {
        Fixed = new Dictionary<string, string>(FixedBy(logits, hashTable: true)) { ["CorrectionBias"] = "false" },
        CpuArgumentErrors = ", a token has no row in the table, or its row lists an expert that does not exist",
        IlgpuRemarks = "The host cannot check device memory: a token without a row in the table, or an id outside 0 to E - 1, yields the expert -1 with the weight 0.",
    };

    private static EntryParameter Padding { get; } =
        new("nonPaddedTokens", ParameterKind.Value, "int", "Tokens to route, 0 to T; the padding behind them gets the expert -1 and the weight 0. -1 routes all.", "-1");

    private static Dictionary<string, string> FixedBy(DType logits, bool hashTable) => new()
    {
        ["LogitsType"] = DispatchAxis.Literal(logits),
        ["HashTable"] = hashTable ? "true" : "false",
    };

    private static string LogitType(DType type) => type switch
    {
        DType.Float16 => "global::System.Half",
        DType.BFloat16 => "global::KernelGen.BFloat16",
        _ => "float",
    };
}
