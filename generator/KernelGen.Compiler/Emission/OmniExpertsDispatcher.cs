using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes <c>Forward</c>, <c>Backward</c> and <c>Select</c> for the one-neuron experts of a class.</summary>
internal static class OmniExpertsDispatcher
{
    public static void Write(CodeWriter writer, DeclaredClass declared)
    {
        WriteForward(writer, declared);
        writer.Line();
        WriteBackward(writer, declared);
        writer.Line();
        WriteSelect(writer, declared);
        writer.Line();
        WriteMissing(writer, declared);
    }

    private static void WriteForward(CodeWriter writer, DeclaredClass declared)
    {
        writer.Line($$"""
            /// <summary>
            /// Adds up the outputs silu(x · U) · g · D of every token's k one-neuron experts. The shapes choose among the declared experts:
            {{DocumentationList.Of(declared.OmniExperts)}}
            /// </summary>
            /// <param name="hidden">Hidden states x, [T, H].</param>
            /// <param name="up">Input weights U of every expert, [E, H].</param>
            /// <param name="down">Output weights D of every expert, [E, H].</param>
            /// <param name="weights">Weight g of each chosen expert, [T, k].</param>
            /// <param name="experts">Id of each chosen expert, [T, k].</param>
            /// <param name="output">Receives the sums, [T, H].</param>
            {{CancellationParameter.Documentation}}
            /// <exception cref="global::System.ArgumentException">The shapes do not fit each other, or an id is none of 0 … E − 1.</exception>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared experts have these shapes.</exception>
            {{CancellationParameter.ExceptionDocumentation}}
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static unsafe void Forward(
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> hidden,
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> up,
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> down,
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> weights,
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<int> experts,
                global::System.Numerics.Tensors.TensorSpan<float> output,
                {{CancellationParameter.Declaration}})
            """);
        WriteBody(writer, declared, "global::KernelGen.Cpu.OmniExpertsCall.Create(hidden, up, down, weights, experts, output)", "Run");
    }

    private static void WriteBackward(CodeWriter writer, DeclaredClass declared)
    {
        writer.Line($$"""
            /// <summary>The gradients of <c>Forward</c>, the same bits on every run. Those of the experts' weights are added to what is there, row by row of the chosen experts.</summary>
            /// <param name="hidden">As <c>Forward</c> had them.</param>
            /// <param name="up">As <c>Forward</c> had them.</param>
            /// <param name="down">As <c>Forward</c> had them.</param>
            /// <param name="weights">As <c>Forward</c> had them.</param>
            /// <param name="experts">As <c>Forward</c> had them.</param>
            /// <param name="gradOutput">Gradients of the output, [T, H].</param>
            /// <param name="gradHidden">Receives the gradients of the hidden states, [T, H].</param>
            /// <param name="gradUp">The gradients of U are added to this, [E, H].</param>
            /// <param name="gradDown">The gradients of D are added to this, [E, H].</param>
            /// <param name="gradWeights">Receives the gradients of the weights g, [T, k].</param>
            {{CancellationParameter.Documentation}}
            /// <exception cref="global::System.ArgumentException">The shapes do not fit each other, or an id is none of 0 … E − 1.</exception>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared experts have these shapes.</exception>
            {{CancellationParameter.ExceptionDocumentation}}
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static unsafe void Backward(
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> hidden,
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> up,
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> down,
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> weights,
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<int> experts,
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> gradOutput,
                global::System.Numerics.Tensors.TensorSpan<float> gradHidden,
                global::System.Numerics.Tensors.TensorSpan<float> gradUp,
                global::System.Numerics.Tensors.TensorSpan<float> gradDown,
                global::System.Numerics.Tensors.TensorSpan<float> gradWeights,
                {{CancellationParameter.Declaration}})
            """);
        const string Call = "new global::KernelGen.Cpu.OmniExpertsBackwardCall(hidden, up, down, weights, experts, gradOutput, gradHidden, gradUp, gradDown, gradWeights)";
        WriteBody(writer, declared, Call, "RunBackward");
    }

    private static void WriteBody(CodeWriter writer, DeclaredClass declared, string call, string entry)
    {
        using (writer.OpenBlock())
        {
            writer.Line($"var call = {call};");
            writer.Line("switch ((call.ExpertsPerAxis, call.TopK, call.HiddenSize))");
            using (writer.OpenBlock())
            {
                foreach (var spec in declared.OmniExperts)
                {
                    using (writer.Indent($"case {Key(spec)}:"))
                    {
                        var variant = GeneratedNames.VariantType(spec);
                        writer.Line($"global::KernelGen.KernelDispatch.Report({variant}.Variant, call.Tokens);");
                        writer.Line($"call.Run(&{variant}.{entry}, cancellation);");
                        writer.Line("break;");
                    }
                }

                using (writer.Indent("default:")) writer.Line("throw NoSuchOmniExperts(call.ExpertsPerAxis, call.TopK, call.HiddenSize);");
            }
        }
    }

    private static void WriteSelect(CodeWriter writer, DeclaredClass declared)
    {
        writer.Line($$"""
            /// <summary>The variant that <c>Forward</c> and <c>Backward</c> run for these shapes.</summary>
            /// <param name="expertsPerAxis">n, of E = n² experts.</param>
            /// <param name="topK">Experts of each token, k.</param>
            /// <param name="hiddenSize">Width H of the hidden states.</param>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared experts have these shapes.</exception>
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static global::KernelGen.KernelVariant Select(int expertsPerAxis, int topK, int hiddenSize) => (expertsPerAxis, topK, hiddenSize) switch
            """);
        using (writer.OpenBlockTo("};"))
        {
            foreach (var spec in declared.OmniExperts) writer.Line($"{Key(spec)} => {GeneratedNames.VariantType(spec)}.Variant,");
            writer.Line("_ => throw NoSuchOmniExperts(expertsPerAxis, topK, hiddenSize),");
        }
    }

    private static void WriteMissing(CodeWriter writer, DeclaredClass declared)
    {
        writer.Line(GeneratedNames.GeneratedCodeAttribute);
        writer.Line("private static global::KernelGen.KernelVariantNotFoundException NoSuchOmniExperts(int expertsPerAxis, int topK, int hiddenSize) => new(");
        using (writer.Indent())
        {
            writer.Line($"{SymbolDisplay.FormatLiteral(declared.FullName, quote: true)},");
            writer.Line("$\"[OmniExperts(ExpertsPerAxis = {expertsPerAxis}, TopK = {topK}, HiddenSize = {hiddenSize})]\",");
            writer.Line("new[]");
            using (writer.OpenBlockTo("});"))
            {
                foreach (var spec in declared.OmniExperts) writer.Line($"{GeneratedNames.VariantType(spec)}.Variant,");
            }
        }
    }

    private static string Key(OmniExpertsSpec spec) => $"({spec.ExpertsPerAxis}, {spec.TopK}, {spec.HiddenSize})";
}
