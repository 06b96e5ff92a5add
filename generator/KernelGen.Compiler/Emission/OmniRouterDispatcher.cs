using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes <c>Route</c>, <c>RouteBackward</c> and <c>Select</c> for the product-key routers of a class.</summary>
internal static class OmniRouterDispatcher
{
    public static void Write(CodeWriter writer, DeclaredClass declared)
    {
        var dispatch = Dispatch(declared);
        WriteRoute(writer, declared, dispatch);
        writer.Line();
        WriteRouteBackward(writer, dispatch);
        writer.Line();
        WriteSelect(writer, dispatch);
        writer.Line();
        dispatch.WriteMissing(writer);
    }

    /// <summary>How a class's declarations are told apart.</summary>
    public static ShapeDispatch Dispatch(DeclaredClass declared) => new ShapeDispatch(
        declared.FullName, "OmniRouter", ["ExpertsPerAxis", "TopK"],
        [.. declared.OmniRouters.Select(spec => ((IKernelSpec)spec, new[] { spec.ExpertsPerAxis, spec.TopK }))]);

    private static void WriteRoute(CodeWriter writer, DeclaredClass declared, ShapeDispatch dispatch)
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
        dispatch.WriteBody(writer, "global::KernelGen.Cpu.OmniRouterCall.Create(x, y, scores, indices)", "Run");
    }

    private static void WriteRouteBackward(CodeWriter writer, ShapeDispatch dispatch)
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
        dispatch.WriteBody(writer, "global::KernelGen.Cpu.OmniRouterBackwardCall.Create(indices, gradScores, gradX, gradY)", "RunBackward");
    }

    private static void WriteSelect(CodeWriter writer, ShapeDispatch dispatch)
    {
        writer.Line("""
            /// <summary>The variant that <c>Route</c> and <c>RouteBackward</c> run for these shapes.</summary>
            /// <param name="expertsPerAxis">Keys of an axis, n.</param>
            /// <param name="topK">Experts of each token, k.</param>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared router has these shapes.</exception>
            """);
        dispatch.WriteSelect(writer);
    }
}
