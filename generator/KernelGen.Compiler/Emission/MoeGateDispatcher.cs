using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes <c>Route</c> and <c>Select</c> for the gates of a class.</summary>
internal static class MoeGateDispatcher
{
    public static void Write(CodeWriter writer, DeclaredClass declared)
    {
        WriteRoute(writer, declared);
        writer.Line();
        WriteSelect(writer, declared);
        writer.Line();
        WriteMissing(writer, declared);
    }

    private static void WriteRoute(CodeWriter writer, DeclaredClass declared)
    {
        writer.Line($$"""
            /// <summary>
            /// Chooses the k experts of every token and their weights. The shapes choose among the declared gates:
            {{DocumentationList.Of(declared.Gates)}}
            /// </summary>
            /// <param name="logits">The router's logits, [T, E].</param>
            /// <param name="correctionBias">What is added to the scores for the selection only, [E]; empty for a gate without a bias.</param>
            /// <param name="weights">Receives the weights of the chosen experts, [T, k], in descending order of the score that selected them.</param>
            /// <param name="experts">Receives the numbers of the chosen experts, [T, k], in the same order. Of equal scores the lower expert wins.</param>
            /// <param name="routedScalingFactor">Factor of all weights.</param>
            /// <exception cref="global::System.ArgumentException">The shapes do not fit each other.</exception>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared gate has these shapes.</exception>
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static unsafe void Route(
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> logits,
                global::System.ReadOnlySpan<float> correctionBias,
                global::System.Numerics.Tensors.TensorSpan<float> weights,
                global::System.Numerics.Tensors.TensorSpan<int> experts,
                float routedScalingFactor = 1f)
            """);
        using (writer.OpenBlock())
        {
            writer.Line("var call = global::KernelGen.Cpu.GateCall.Create(logits, correctionBias, weights, experts, routedScalingFactor);");
            writer.Line("switch ((call.Experts, call.TopK, call.HasCorrectionBias))");
            using (writer.OpenBlock())
            {
                foreach (var gate in declared.Gates)
                {
                    using (writer.Indent($"case {Key(gate)}:"))
                    {
                        var variant = GeneratedNames.VariantType(gate);
                        writer.Line($"global::KernelGen.KernelDispatch.Report({variant}.Variant, call.Tokens);");
                        writer.Line($"call.Run(&{variant}.Run);");
                        writer.Line("break;");
                    }
                }

                using (writer.Indent("default:")) writer.Line("throw NoSuchGate(call.Experts, call.TopK, call.HasCorrectionBias);");
            }
        }
    }

    private static void WriteSelect(CodeWriter writer, DeclaredClass declared)
    {
        writer.Line($$"""
            /// <summary>The variant that <c>Route</c> runs for these shapes.</summary>
            /// <param name="experts">Number of experts E.</param>
            /// <param name="topK">Experts of each token, k.</param>
            /// <param name="correctionBias">Whether there is a correction bias.</param>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared gate has these shapes.</exception>
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static global::KernelGen.KernelVariant Select(int experts, int topK, bool correctionBias) => (experts, topK, correctionBias) switch
            """);
        using (writer.OpenBlockTo("};"))
        {
            foreach (var gate in declared.Gates) writer.Line($"{Key(gate)} => {GeneratedNames.VariantType(gate)}.Variant,");
            writer.Line("_ => throw NoSuchGate(experts, topK, correctionBias),");
        }
    }

    private static void WriteMissing(CodeWriter writer, DeclaredClass declared)
    {
        writer.Line(GeneratedNames.GeneratedCodeAttribute);
        writer.Line("private static global::KernelGen.KernelVariantNotFoundException NoSuchGate(int experts, int topK, bool correctionBias) => new(");
        using (writer.Indent())
        {
            writer.Line($"{SymbolDisplay.FormatLiteral(declared.FullName, quote: true)},");
            writer.Line("$\"[MoeGate(Experts = {experts}, TopK = {topK}{(correctionBias ? \", CorrectionBias = true\" : \"\")})]\",");
            writer.Line("new[]");
            using (writer.OpenBlockTo("});"))
            {
                foreach (var gate in declared.Gates) writer.Line($"{GeneratedNames.VariantType(gate)}.Variant,");
            }
        }
    }

    private static string Key(MoeGateSpec gate) => $"({gate.Experts}, {gate.TopK}, {(gate.CorrectionBias ? "true" : "false")})";
}
