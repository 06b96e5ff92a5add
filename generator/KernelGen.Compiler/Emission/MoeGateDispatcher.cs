using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes <c>Route</c> and <c>RouteByTable</c>, one for each type of logits, and <c>Select</c> for the gates of a class.</summary>
internal static class MoeGateDispatcher
{
    private const string TensorsNamespace = "global::System.Numerics.Tensors";

    private const string PaddingParameter =
        "/// <param name=\"nonPaddedTokens\">Tokens that are routed, 0 to T; those behind them get the expert -1 and the weight 0. -1 routes all.</param>";

    public static void Write(CodeWriter writer, DeclaredClass declared)
    {
        foreach (var alike in declared.Gates.GroupBy(gate => (gate.LogitsType, gate.HashTable)))
        {
            var gates = alike.ToArray();
            if (alike.Key.HashTable) WriteRouteByTable(writer, LogitType(alike.Key.LogitsType), gates);
            else WriteRoute(writer, LogitType(alike.Key.LogitsType), gates);
            writer.Line();
        }

        WriteSelect(writer, declared);
        writer.Line();
        WriteMissing(writer, declared);
    }

    private static void WriteRoute(CodeWriter writer, string logitType, IReadOnlyList<MoeGateSpec> gates)
    {
        var shared = gates.Any(gate => gate.SharedExperts > 0) ? " Shared experts stand behind them." : "";
        writer.Line($$"""
            /// <summary>
            /// Chooses the k experts of every token and their weights. The shapes choose among the declared gates:
            {{DocumentationList.Of(gates)}}
            /// </summary>
            /// <param name="logits">The router's logits, [T, E].</param>
            /// <param name="correctionBias">What is added to the scores for the selection only, [E]; empty for a gate without a bias.</param>
            /// <param name="weights">Receives the weights of the chosen experts, [T, k], in descending order of the score that selected them.{{shared}}</param>
            /// <param name="experts">Receives the numbers of the chosen experts, [T, k], in the same order. Of equal scores the lower expert wins.</param>
            /// <param name="routedScalingFactor">Factor of all weights{{(shared.Length > 0 ? " but the shared experts'" : "")}}.</param>
            {{PaddingParameter}}
            {{CancellationParameter.Documentation}}
            /// <exception cref="global::System.ArgumentException">The shapes do not fit each other.</exception>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared gate has these shapes.</exception>
            {{CancellationParameter.ExceptionDocumentation}}
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static unsafe void Route(
                {{TensorsNamespace}}.ReadOnlyTensorSpan<{{logitType}}> logits,
                global::System.ReadOnlySpan<float> correctionBias,
                {{TensorsNamespace}}.TensorSpan<float> weights,
                {{TensorsNamespace}}.TensorSpan<int> experts,
                float routedScalingFactor = 1f,
                int nonPaddedTokens = -1,
                {{CancellationParameter.Declaration}})
            """);
        using (writer.OpenBlock())
        {
            writer.Line($"var call = global::KernelGen.Cpu.GateCall<{logitType}>.Create(logits, correctionBias, weights, experts, routedScalingFactor, nonPaddedTokens);");
            writer.Line("switch ((call.Experts, call.TopK, call.HasCorrectionBias))");
            WriteCases(writer, gates, gate => $"({gate.Experts}, {gate.TopK}, {Literal(gate.CorrectionBias)})", "call.HasCorrectionBias");
        }
    }

    private static void WriteRouteByTable(CodeWriter writer, string logitType, IReadOnlyList<MoeGateSpec> gates)
    {
        writer.Line($$"""
            /// <summary>
            /// Computes the weights of the k experts that a table has for every token. The shapes choose among the declared gates:
            {{DocumentationList.Of(gates)}}
            /// </summary>
            /// <param name="logits">The router's logits, [T, E].</param>
            /// <param name="tokenIds">The row of the table for each token, [T].</param>
            /// <param name="table">Numbers of experts, [vocabulary, k].</param>
            /// <param name="weights">Receives the weights of the experts, [T, k].</param>
            /// <param name="experts">Receives the numbers of the experts, [T, k], as the table has them.</param>
            /// <param name="routedScalingFactor">Factor of all weights.</param>
            {{PaddingParameter}}
            {{CancellationParameter.Documentation}}
            /// <exception cref="global::System.ArgumentException">The shapes do not fit each other, a token has no row, or its row names no expert.</exception>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared gate has these shapes.</exception>
            {{CancellationParameter.ExceptionDocumentation}}
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static unsafe void RouteByTable(
                {{TensorsNamespace}}.ReadOnlyTensorSpan<{{logitType}}> logits,
                global::System.ReadOnlySpan<int> tokenIds,
                {{TensorsNamespace}}.ReadOnlyTensorSpan<int> table,
                {{TensorsNamespace}}.TensorSpan<float> weights,
                {{TensorsNamespace}}.TensorSpan<int> experts,
                float routedScalingFactor = 1f,
                int nonPaddedTokens = -1,
                {{CancellationParameter.Declaration}})
            """);
        using (writer.OpenBlock())
        {
            writer.Line($"var call = global::KernelGen.Cpu.GateCall<{logitType}>.CreateByTable(logits, tokenIds, table, weights, experts, routedScalingFactor, nonPaddedTokens);");
            writer.Line("switch ((call.Experts, call.TopK))");
            WriteCases(writer, gates, gate => $"({gate.Experts}, {gate.TopK})", "false");
        }
    }

    private static void WriteCases(CodeWriter writer, IReadOnlyList<MoeGateSpec> gates, Func<MoeGateSpec, string> shape, string correctionBias) =>
        WriteCases(writer, gates, shape, correctionBias, GeneratedNames.VariantType, variant => $"&{variant}.Run, cancellation");

    /// <summary>The cases of a switch on a call's shape: each reports its variant and runs it.</summary>
    public static void WriteCases(
        CodeWriter writer, IReadOnlyList<MoeGateSpec> gates, Func<MoeGateSpec, string> shape, string correctionBias,
        Func<IKernelSpec, string> variantType, Func<string, string> whatRuns)
    {
        using (writer.OpenBlock())
        {
            foreach (var gate in gates)
            {
                using (writer.Indent($"case {shape(gate)}:"))
                {
                    var variant = variantType(gate);
                    writer.Line($"global::KernelGen.KernelDispatch.Report({variant}.Variant, call.Tokens);");
                    writer.Line($"call.Run({whatRuns(variant)});");
                    writer.Line("break;");
                }
            }

            using (writer.Indent("default:")) writer.Line(ThrowMissing(gates[0], correctionBias));
        }
    }

    /// <summary>The statement for a call whose shapes no gate has, although gates like <paramref name="gate"/> have its types.</summary>
    public static string ThrowMissing(MoeGateSpec gate, string correctionBias) =>
        $"throw NoSuchGate(call.Experts, call.TopK, {correctionBias}, {TypeValue(gate.LogitsType)}, {Literal(gate.HashTable)});";

    private static void WriteSelect(CodeWriter writer, DeclaredClass declared)
    {
        writer.Line($$"""
            /// <summary>The variant that <c>Route</c>, or with a table <c>RouteByTable</c>, runs for these shapes.</summary>
            /// <param name="experts">Number of experts E.</param>
            /// <param name="topK">Experts of each token, k.</param>
            /// <param name="correctionBias">Whether there is a correction bias.</param>
            /// <param name="logitsType">Type of the logits.</param>
            /// <param name="hashTable">Whether a table says each token's experts.</param>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared gate has these shapes.</exception>
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static global::KernelGen.KernelVariant Select(
                int experts, int topK, bool correctionBias, global::KernelGen.DType logitsType = {{TypeValue(DType.Float32)}}, bool hashTable = false) =>
                (experts, topK, correctionBias, logitsType, hashTable) switch
            """);
        using (writer.OpenBlockTo("};"))
        {
            foreach (var gate in declared.Gates) writer.Line($"{Key(gate)} => {GeneratedNames.VariantType(gate)}.Variant,");
            writer.Line("_ => throw NoSuchGate(experts, topK, correctionBias, logitsType, hashTable),");
        }
    }

    private static void WriteMissing(CodeWriter writer, DeclaredClass declared)
    {
        writer.Line(GeneratedNames.GeneratedCodeAttribute);
        writer.Line("private static global::KernelGen.KernelVariantNotFoundException NoSuchGate(");
        using (writer.Indent())
        {
            writer.Line("int experts, int topK, bool correctionBias, global::KernelGen.DType logitsType, bool hashTable) => new(");
            writer.Line($"{SymbolDisplay.FormatLiteral(declared.FullName, quote: true)},");
            writer.Line("$\"[MoeGate(Experts = {experts}, TopK = {topK}{(correctionBias ? \", CorrectionBias = true\" : \"\")}\"");
            using (writer.Indent())
            {
                writer.Line($"+ (logitsType == {TypeValue(DType.Float32)} ? \"\" : $\", LogitsType = DType.{{logitsType}}\")");
                writer.Line("+ (hashTable ? \", HashTable = true)]\" : \")]\"),");
            }

            writer.Line("new[]");
            using (writer.OpenBlockTo("});"))
            {
                foreach (var gate in declared.Gates) writer.Line($"{GeneratedNames.VariantType(gate)}.Variant,");
            }
        }
    }

    private static string Key(MoeGateSpec gate) =>
        $"({gate.Experts}, {gate.TopK}, {Literal(gate.CorrectionBias)}, {TypeValue(gate.LogitsType)}, {Literal(gate.HashTable)})";

    /// <summary>A truth value as it is written in C#.</summary>
    public static string Literal(bool value) => value ? "true" : "false";

    private static string TypeValue(DType type) => $"global::KernelGen.DType.{type}";

    /// <summary>The type of a logit as it is written in C#.</summary>
    public static string LogitType(DType type) => type switch
    {
        DType.Float16 => "global::System.Half",
        DType.BFloat16 => "global::KernelGen.BFloat16",
        _ => "float",
    };
}
