using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes <c>Route</c>, <c>RouteBackward</c> and <c>Select</c> for the product-key routers of a class.</summary>
internal static class OmniRouterDispatcher
{
    public static void Write(CodeWriter writer, DeclaredClass declared)
    {
        WriteRoute(writer, declared);
        writer.Line();
        WriteRouteBackward(writer, declared);
        writer.Line();
        WriteSelect(writer, declared);
        writer.Line();
        WriteMissing(writer, declared);
    }

    private static void WriteRoute(CodeWriter writer, DeclaredClass declared)
    {
        writer.Line($$"""
            /// <summary>
            /// Chooses the k best of the n² experts of every token, whose scores are sums of two keys' logits. The shapes choose among the declared routers:
            {{DocumentationList.Of(declared.OmniRouters)}}
            /// </summary>
            /// <param name="x">Logits of the first axis, [T, n].</param>
            /// <param name="y">Logits of the second axis, [T, n].</param>
            /// <param name="scores">Receives the scores x[t, i] + y[t, j] of the chosen experts, [T, k], in descending order.</param>
            /// <param name="indices">Receives the ids i · n + j of the chosen experts, [T, k], in the same order. Of equal scores the lower id wins.</param>
            {{CancellationParameter.Documentation}}
            /// <exception cref="global::System.ArgumentException">The shapes do not fit each other.</exception>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared router has these shapes.</exception>
            {{CancellationParameter.ExceptionDocumentation}}
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static unsafe void Route(
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> x,
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> y,
                global::System.Numerics.Tensors.TensorSpan<float> scores,
                global::System.Numerics.Tensors.TensorSpan<int> indices,
                {{CancellationParameter.Declaration}})
            """);
        WriteBody(writer, declared, "global::KernelGen.Cpu.OmniRouterCall.Create(x, y, scores, indices)", "Run");
    }

    private static void WriteRouteBackward(CodeWriter writer, DeclaredClass declared)
    {
        writer.Line($$"""
            /// <summary>
            /// The gradients of the logits: that of an expert's score goes to its key on either axis, in the order of the slots; all others are 0.
            /// </summary>
            /// <param name="indices">What <c>Route</c> chose, [T, k].</param>
            /// <param name="gradScores">Gradients of the scores, [T, k].</param>
            /// <param name="gradX">Receives the gradients of the first axis, [T, n].</param>
            /// <param name="gradY">Receives the gradients of the second axis, [T, n].</param>
            {{CancellationParameter.Documentation}}
            /// <exception cref="global::System.ArgumentException">The shapes do not fit each other, or an id is none of 0 … n² − 1.</exception>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared router has these shapes.</exception>
            {{CancellationParameter.ExceptionDocumentation}}
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static unsafe void RouteBackward(
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<int> indices,
                global::System.Numerics.Tensors.ReadOnlyTensorSpan<float> gradScores,
                global::System.Numerics.Tensors.TensorSpan<float> gradX,
                global::System.Numerics.Tensors.TensorSpan<float> gradY,
                {{CancellationParameter.Declaration}})
            """);
        WriteBody(writer, declared, "global::KernelGen.Cpu.OmniRouterBackwardCall.Create(indices, gradScores, gradX, gradY)", "RunBackward");
    }

    private static void WriteBody(CodeWriter writer, DeclaredClass declared, string call, string entry)
    {
        using (writer.OpenBlock())
        {
            writer.Line($"var call = {call};");
            writer.Line("switch ((call.ExpertsPerAxis, call.TopK))");
            using (writer.OpenBlock())
            {
                foreach (var router in declared.OmniRouters)
                {
                    using (writer.Indent($"case {Key(router)}:"))
                    {
                        var variant = GeneratedNames.VariantType(router);
                        writer.Line($"global::KernelGen.KernelDispatch.Report({variant}.Variant, call.Tokens);");
                        writer.Line($"call.Run(&{variant}.{entry}, cancellation);");
                        writer.Line("break;");
                    }
                }

                using (writer.Indent("default:")) writer.Line("throw NoSuchOmniRouter(call.ExpertsPerAxis, call.TopK);");
            }
        }
    }

    private static void WriteSelect(CodeWriter writer, DeclaredClass declared)
    {
        writer.Line($$"""
            /// <summary>The variant that <c>Route</c> and <c>RouteBackward</c> run for these shapes.</summary>
            /// <param name="expertsPerAxis">Keys of an axis, n.</param>
            /// <param name="topK">Experts of each token, k.</param>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared router has these shapes.</exception>
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static global::KernelGen.KernelVariant Select(int expertsPerAxis, int topK) => (expertsPerAxis, topK) switch
            """);
        using (writer.OpenBlockTo("};"))
        {
            foreach (var router in declared.OmniRouters) writer.Line($"{Key(router)} => {GeneratedNames.VariantType(router)}.Variant,");
            writer.Line("_ => throw NoSuchOmniRouter(expertsPerAxis, topK),");
        }
    }

    private static void WriteMissing(CodeWriter writer, DeclaredClass declared)
    {
        writer.Line(GeneratedNames.GeneratedCodeAttribute);
        writer.Line("private static global::KernelGen.KernelVariantNotFoundException NoSuchOmniRouter(int expertsPerAxis, int topK) => new(");
        using (writer.Indent())
        {
            writer.Line($"{SymbolDisplay.FormatLiteral(declared.FullName, quote: true)},");
            writer.Line("$\"[OmniRouter(ExpertsPerAxis = {expertsPerAxis}, TopK = {topK})]\",");
            writer.Line("new[]");
            using (writer.OpenBlockTo("});"))
            {
                foreach (var router in declared.OmniRouters) writer.Line($"{GeneratedNames.VariantType(router)}.Variant,");
            }
        }
    }

    private static string Key(OmniRouterSpec router) => $"({router.ExpertsPerAxis}, {router.TopK})";
}
