using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes <c>Forward</c>, <c>Backward</c> and <c>Select</c> for the one-neuron experts of a class.</summary>
internal static class OmniExpertsDispatcher
{
    public static void Write(CodeWriter writer, DeclaredClass declared)
    {
        var dispatch = Dispatch(declared);
        WriteForward(writer, declared, dispatch);
        writer.Line();
        WriteBackward(writer, dispatch);
        writer.Line();
        WriteSelect(writer, dispatch);
        writer.Line();
        dispatch.WriteMissing(writer);
    }

    /// <summary>How a class's declarations are told apart.</summary>
    public static ShapeDispatch Dispatch(DeclaredClass declared) => new ShapeDispatch(
        declared.FullName, "OmniExperts", ["ExpertsPerAxis", "TopK", "HiddenSize"],
        [.. declared.OmniExperts.Select(spec => ((IKernelSpec)spec, new[] { spec.ExpertsPerAxis, spec.TopK, spec.HiddenSize }))]);

    private static void WriteForward(CodeWriter writer, DeclaredClass declared, ShapeDispatch dispatch)
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
        dispatch.WriteBody(writer, "global::KernelGen.Cpu.OmniExpertsCall.Create(hidden, up, down, weights, experts, output)", "Run");
    }

    private static void WriteBackward(CodeWriter writer, ShapeDispatch dispatch)
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
        dispatch.WriteBody(writer, Call, "RunBackward");
    }

    private static void WriteSelect(CodeWriter writer, ShapeDispatch dispatch)
    {
        writer.Line("""
            /// <summary>The variant that <c>Forward</c> and <c>Backward</c> run for these shapes.</summary>
            /// <param name="expertsPerAxis">n, of E = n² experts.</param>
            /// <param name="topK">Experts of each token, k.</param>
            /// <param name="hiddenSize">Width H of the hidden states.</param>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared experts have these shapes.</exception>
            """);
        dispatch.WriteSelect(writer);
    }
}
