using KernelGen.Compiler.Families;
using KernelGen.Compiler.Tuning;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes <c>Forward</c>, one for each weight type, and <c>Select</c> for the experts of a class.</summary>
internal static class FusedMoeDispatcher
{
    private const string FormatParameters =
        ", global::KernelGen.WeightQuantization quantization = global::KernelGen.WeightQuantization.None, int groupSize = 0, bool zeroPoints = false";

    public static void Write(CodeWriter writer, DeclaredClass declared)
    {
        foreach (var sameType in declared.Experts.GroupBy(spec => spec.WeightType))
        {
            WriteForward(writer, sameType.Key, sameType.ToArray(), declared.Tuned);
            writer.Line();
        }

        WriteSelect(writer, declared);
        writer.Line();
        WriteMissing(writer, declared);
    }

    /// <summary>The C# type of a weight.</summary>
    public static string WeightType(DType weightType) => weightType switch
    {
        DType.Float32 => "float",
        DType.Int8 => "sbyte",
        DType.Float16 => "global::System.Half",
        _ => $"global::KernelGen.{WeightFormat.TypeName(weightType)}",
    };

    /// <summary>Whether the weights have scales.</summary>
    public static bool IsQuantized(FusedMoeSpec spec) => spec.Quantization != WeightQuantization.None;

    private static void WriteForward(CodeWriter writer, DType weightType, IReadOnlyList<FusedMoeSpec> specs, IReadOnlyList<TunedExperts> tuned)
    {
        var type = WeightType(weightType);
        var isQuantized = specs.Any(IsQuantized);
        var format = isQuantized ? ", call.Quantization, call.GroupSize, call.ZeroPoints" : "";
        writer.Line($$"""
            /// <summary>
            /// Sends every token through its k experts and adds up their outputs times the weights. The shapes choose among the declared experts:
            {{DocumentationList.Of(specs)}}
            /// </summary>
            /// <param name="hidden">Hidden states, [T, H].</param>
            /// <param name="expertWeights">The weights of all experts.</param>
            /// <param name="weights">Weight of each chosen expert, [T, k].</param>
            /// <param name="experts">Number of each chosen expert, [T, k]; -1 leaves a slot out.</param>
            /// <param name="output">Receives the sums, [T, H].</param>
            /// <param name="splitK">Slices of the reduction, one of the declared numbers; 0 lets the number of tokens choose.</param>
            {{CancellationParameter.Documentation}}
            /// <exception cref="global::System.ArgumentException">The shapes do not fit each other, or there is no expert of a given number.</exception>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared experts have these shapes.</exception>
            {{CancellationParameter.ExceptionDocumentation}}
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static unsafe void Forward(
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> hidden,
                global::KernelGen.ExpertWeights<{{type}}> expertWeights,
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> weights,
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<int> experts,
                global::System.Numerics.Tensors.TensorSpan<float> output,
                int splitK = 0,
                {{CancellationParameter.Declaration}})
            """);
        using (writer.OpenBlock())
        {
            writer.Line("var call = global::KernelGen.Cpu.ExpertsCall.Create(hidden, expertWeights, weights, experts, output);");
            writer.Line($"switch ((call.Experts, call.TopK, call.HiddenSize, call.IntermediateSize{format}))");
            using (writer.OpenBlock())
            {
                foreach (var sameShape in specs.GroupBy(spec => spec.DispatchKey))
                {
                    using (writer.Indent($"case {Shape(sameShape.First())}:"))
                    {
                        var files = tuned.FirstOrDefault(experts => experts.AreOf(sameShape.First()));
                        if (files is not null) WriteTokenChoice(writer, files);
                        WriteSplitKChoice(writer, sameShape.ToArray(), files is not null);
                        writer.Line().Line("break;");
                    }
                }
            }

            writer.Line();
            writer.Line($"throw NoSuchExperts(call.Experts, call.TopK, call.HiddenSize, call.IntermediateSize, {TypeValue(weightType)}, splitK{format});");
        }
    }

    /// <summary>What tuning files choose by the number of tokens, unless the caller asks for a number of slices.</summary>
    private static void WriteTokenChoice(CodeWriter writer, TunedExperts tuned)
    {
        using (writer.OpenBlock("if (splitK == 0)"))
        {
            writer.Line("switch (call.Tokens)");
            using (writer.OpenBlock())
            {
                foreach (var choice in tuned.Choices)
                {
                    using (writer.Indent(choice.MaxTokens == int.MaxValue ? "default:" : $"case <= {choice.MaxTokens}:")) WriteRun(writer, choice.Spec);
                }
            }
        }

        writer.Line();
    }

    private static void WriteSplitKChoice(CodeWriter writer, IReadOnlyList<FusedMoeSpec> specs, bool isAsked)
    {
        writer.Line($"switch ({(isAsked ? "splitK" : SplitKChoice(specs, "call.Tokens"))})");
        using (writer.OpenBlock())
        {
            foreach (var spec in specs)
            {
                using (writer.Indent($"case {spec.SplitK}:")) WriteRun(writer, spec);
            }
        }
    }

    private static void WriteRun(CodeWriter writer, FusedMoeSpec spec)
    {
        var variant = GeneratedNames.VariantType(spec);
        writer.Line($"global::KernelGen.KernelDispatch.Report({variant}.Variant, call.Tokens);");
        writer.Line($"call.Run(&{variant}.Run{Parts(spec)}, cancellation: cancellation);");
        writer.Line("return;");
    }

    private static void WriteSelect(CodeWriter writer, DeclaredClass declared)
    {
        var isQuantized = declared.Experts.Any(IsQuantized);
        var format = isQuantized ? ", quantization, groupSize, zeroPoints" : "";
        var selectNothing = $"_ => throw NoSuchExperts(experts, topK, hiddenSize, intermediateSize, weightType, splitK{format}),";
        writer.Line($$"""
            /// <summary>The variant that <c>Forward</c> runs for these shapes.</summary>
            /// <param name="experts">Number of experts E.</param>
            /// <param name="topK">Experts of each token, k.</param>
            /// <param name="hiddenSize">Width H of the hidden states.</param>
            /// <param name="intermediateSize">Width I of one expert's intermediate states.</param>
            /// <param name="weightType">Type of the experts' weights.</param>
            /// <param name="tokens">Number of tokens T; matters when <paramref name="splitK"/> is 0.</param>
            /// <param name="splitK">Slices of the reduction, one of the declared numbers; 0 lets the number of tokens choose.</param>
            """);
        if (isQuantized)
        {
            writer.Line("""
                /// <param name="quantization">Which weights share a scale.</param>
                /// <param name="groupSize">Weights of a group, or 0.</param>
                /// <param name="zeroPoints">Whether groups have zero points.</param>
                """);
        }

        writer.Line($$"""
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared experts have these shapes.</exception>
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static global::KernelGen.KernelVariant Select(
                int experts, int topK, int hiddenSize, int intermediateSize, global::KernelGen.DType weightType, int tokens, int splitK = 0{{(isQuantized ? FormatParameters : "")}}) =>
                (experts, topK, hiddenSize, intermediateSize, weightType{{format}}) switch
            """);
        using (writer.OpenBlockTo("};"))
        {
            foreach (var sameShape in declared.Experts.GroupBy(spec => spec.DispatchKey))
            {
                var specs = sameShape.ToArray();
                var start = $"{ShapeAndType(specs[0], isQuantized)} => ({SplitKChoice(specs, "tokens")}) switch";
                if (declared.Tuned.FirstOrDefault(experts => experts.AreOf(specs[0])) is { } tuned)
                {
                    writer.Line($"{ShapeAndType(specs[0], isQuantized)} => splitK == 0 ? tokens switch");
                    using (writer.OpenBlockTo("}"))
                    {
                        foreach (var choice in tuned.Choices)
                            writer.Line($"{(choice.MaxTokens == int.MaxValue ? "_" : $"<= {choice.MaxTokens}")} => {GeneratedNames.VariantType(choice.Spec)}.Variant,");
                    }

                    start = ": splitK switch";
                }

                writer.Line(start);
                using (writer.OpenBlockTo("},"))
                {
                    foreach (var spec in specs) writer.Line($"{spec.SplitK} => {GeneratedNames.VariantType(spec)}.Variant,");
                    writer.Line(selectNothing);
                }
            }

            writer.Line(selectNothing);
        }
    }

    private static void WriteMissing(CodeWriter writer, DeclaredClass declared)
    {
        var isQuantized = declared.Experts.Any(IsQuantized);
        writer.Line(GeneratedNames.GeneratedCodeAttribute);
        writer.Line("private static global::KernelGen.KernelVariantNotFoundException NoSuchExperts(");
        using (writer.Indent())
        {
            writer.Line($"int experts, int topK, int hiddenSize, int intermediateSize, global::KernelGen.DType weightType, int splitK{(isQuantized ? FormatParameters : "")}) => new(");
            writer.Line($"{SymbolDisplay.FormatLiteral(declared.FullName, quote: true)},");
            writer.Line("$\"[FusedMoe(Experts = {experts}, TopK = {topK}, HiddenSize = {hiddenSize}, IntermediateSize = {intermediateSize}\"");
            using (writer.Indent())
            {
                writer.Line("+ (weightType == global::KernelGen.DType.Float32 ? \"\" : $\", WeightType = DType.{weightType}\")");
                if (isQuantized)
                {
                    writer.Line("+ (quantization == global::KernelGen.WeightQuantization.None ? \"\" : $\", Quantization = WeightQuantization.{quantization}\")");
                    writer.Line("+ (groupSize == 0 ? \"\" : $\", GroupSize = {groupSize}\")");
                    writer.Line("+ (zeroPoints ? \", ZeroPoints = true\" : \"\")");
                }

                writer.Line("+ (splitK == 0 ? \")]\" : $\", SplitK = new[] {{ {splitK} }})]\"),");
            }

            writer.Line("new[]");
            using (writer.OpenBlockTo("});"))
            {
                foreach (var spec in declared.Experts) writer.Line($"{GeneratedNames.VariantType(spec)}.Variant,");
            }
        }
    }

    private static string SplitKChoice(IEnumerable<FusedMoeSpec> specs, string tokens)
    {
        var fewestFirst = specs.OrderBy(spec => spec.SplitK).ToArray();
        if (fewestFirst.Length == 1) return $"splitK != 0 ? splitK : {fewestFirst[0].SplitK}";
        var declared = string.Join(", ", fewestFirst.Select(spec => spec.SplitK));
        return $"global::KernelGen.Cpu.SplitKChoice.Of(splitK, {tokens} * {FusedMoeTemplate.WorkItems(fewestFirst[0])}L, [{declared}])";
    }

    /// <summary>The parts that the experts of a call must have, where they are not the usual ones.</summary>
    private static string Parts(FusedMoeSpec spec) => (spec.IsGated ? "" : ", gated: false") + (spec.Bias ? ", bias: true" : "")
        + (spec.ActivationQuantization == ActivationQuantization.StaticTensor ? ", inputScales: true" : "");

    /// <summary>The values that a call's shapes and formats must have.</summary>
    public static string Shape(FusedMoeSpec spec) =>
        $"({spec.Experts}, {spec.TopK}, {spec.HiddenSize}, {spec.IntermediateSize}{(IsQuantized(spec) ? Format(spec) : "")})";

    private static string ShapeAndType(FusedMoeSpec spec, bool isQuantized) =>
        $"({spec.Experts}, {spec.TopK}, {spec.HiddenSize}, {spec.IntermediateSize}, {TypeValue(spec.WeightType)}{(isQuantized ? Format(spec) : "")})";

    private static string Format(FusedMoeSpec spec) =>
        $", global::KernelGen.WeightQuantization.{spec.Quantization}, {spec.GroupSize}, {(spec.ZeroPoints ? "true" : "false")}";

    private static string TypeValue(DType type) => $"global::KernelGen.DType.{type}";
}
