namespace KernelGen.Compiler.Emission;

/// <summary>Writes the overloads of <c>Forward</c> and <c>Backward</c> of one-neuron experts that take an ILGPU stream and views.</summary>
internal static class OmniExpertsIlgpuDispatcher
{
    private const string Remarks = """
        /// <remarks>
        /// X of every matrix runs along a row: [T, H] has the extent (X: H, Y: T). What the host cannot see it cannot check: a slot whose id is
        /// none of 0 … E − 1 adds nothing.
        /// </remarks>
        """;

    private const string Exceptions = """
        /// <exception cref="global::System.ArgumentException">The extents do not fit each other, or a view lies in another accelerator's memory.</exception>
        /// <exception cref="global::System.ObjectDisposedException">The stream, its accelerator or a buffer is disposed.</exception>
        /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared experts have these shapes.</exception>
        """;

    public static void Write(CodeWriter writer, DeclaredClass declared)
    {
        var dispatch = OmniExpertsDispatcher.Dispatch(declared);
        writer.Line($$"""
            /// <summary>
            /// Puts into a stream: adds up the outputs silu(x · U) · g · D of every token's k one-neuron experts. The extents choose among the declared experts:
            {{DocumentationList.Of(declared.OmniExperts)}}
            /// </summary>
            {{Remarks}}
            /// <param name="stream">A stream of the accelerator whose memory holds the views.</param>
            /// <param name="hidden">Hidden states x, [T, H].</param>
            /// <param name="up">Input weights U of every expert, [E, H].</param>
            /// <param name="down">Output weights D of every expert, [E, H].</param>
            /// <param name="weights">Weight g of each chosen expert, [T, k].</param>
            /// <param name="experts">Id of each chosen expert, [T, k].</param>
            /// <param name="output">Receives the sums, [T, H].</param>
            {{Exceptions}}
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static void Forward(
                global::ILGPU.Runtime.AcceleratorStream stream,
                {{IlgpuViews.Matrix("float")}} hidden,
                {{IlgpuViews.Matrix("float")}} up,
                {{IlgpuViews.Matrix("float")}} down,
                {{IlgpuViews.Matrix("float")}} weights,
                {{IlgpuViews.Matrix("int")}} experts,
                {{IlgpuViews.Matrix("float")}} output)
            """);
        dispatch.WriteIlgpuBody(writer, "global::KernelGen.Ilgpu.DeviceOmniExpertsCall.Create(stream, hidden, up, down, weights, experts, output)");
        writer.Line();
        writer.Line($$"""
            /// <summary>
            /// Puts into a stream: the gradients of <c>Forward</c>, the same bits on every run. Those of the experts' weights are added to what is there, row by row of the chosen experts.
            /// </summary>
            {{Remarks}}
            /// <param name="stream">A stream of the accelerator whose memory holds the views.</param>
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
            {{Exceptions}}
            /// <exception cref="global::KernelGen.Ilgpu.DeviceOutOfMemoryException">The device has no room for 16 to 24 bytes for each slot.</exception>
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static void Backward(
                global::ILGPU.Runtime.AcceleratorStream stream,
                {{IlgpuViews.Matrix("float")}} hidden,
                {{IlgpuViews.Matrix("float")}} up,
                {{IlgpuViews.Matrix("float")}} down,
                {{IlgpuViews.Matrix("float")}} weights,
                {{IlgpuViews.Matrix("int")}} experts,
                {{IlgpuViews.Matrix("float")}} gradOutput,
                {{IlgpuViews.Matrix("float")}} gradHidden,
                {{IlgpuViews.Matrix("float")}} gradUp,
                {{IlgpuViews.Matrix("float")}} gradDown,
                {{IlgpuViews.Matrix("float")}} gradWeights)
            """);
        const string Call = "new global::KernelGen.Ilgpu.DeviceOmniExpertsBackwardCall(stream, hidden, up, down, weights, experts, gradOutput, gradHidden, gradUp, gradDown, gradWeights)";
        dispatch.WriteIlgpuBody(writer, Call);
    }
}
