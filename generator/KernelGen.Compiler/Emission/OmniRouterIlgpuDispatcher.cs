namespace KernelGen.Compiler.Emission;

/// <summary>Writes the overloads of <c>Route</c> and <c>RouteBackward</c> of product-key routers that take an ILGPU stream and views.</summary>
internal static class OmniRouterIlgpuDispatcher
{
    private const string Exceptions = """
        /// <exception cref="global::System.ArgumentException">The extents do not fit each other, or a view lies in another accelerator's memory.</exception>
        /// <exception cref="global::System.ObjectDisposedException">The stream, its accelerator or a buffer is disposed.</exception>
        /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared router has these shapes.</exception>
        """;

    public static void Write(CodeWriter writer, DeclaredClass declared)
    {
        var dispatch = OmniRouterDispatcher.Dispatch(declared);
        writer.Line($$"""
            /// <summary>
            /// Puts into a stream: chooses the k best of the n² experts of every token, whose scores are sums of two keys' logits. The extents choose among the declared routers:
            {{DocumentationList.Of(declared.OmniRouters)}}
            /// </summary>
            /// <remarks>X of every matrix runs along a row: [T, n] has the extent (X: n, Y: T).</remarks>
            /// <param name="stream">A stream of the accelerator whose memory holds the views.</param>
            /// <param name="x">Logits of the first axis, [T, n].</param>
            /// <param name="y">Logits of the second axis, [T, n].</param>
            /// <param name="scores">Receives the scores x[t, i] + y[t, j] of the chosen experts, [T, k], in descending order.</param>
            /// <param name="indices">Receives the ids i · n + j of the chosen experts, [T, k], in the same order. Of equal scores the lower id wins.</param>
            {{Exceptions}}
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static void Route(
                global::ILGPU.Runtime.AcceleratorStream stream,
                {{IlgpuViews.Matrix("float")}} x,
                {{IlgpuViews.Matrix("float")}} y,
                {{IlgpuViews.Matrix("float")}} scores,
                {{IlgpuViews.Matrix("int")}} indices)
            """);
        dispatch.WriteIlgpuBody(writer, "global::KernelGen.Ilgpu.DeviceOmniRouterCall.Create(stream, x, y, scores, indices)");
        writer.Line();
        writer.Line($$"""
            /// <summary>
            /// Puts into a stream: the gradients of the logits. That of an expert's score goes to its key on either axis, in the order of the slots; all others are 0.
            /// </summary>
            /// <remarks>
            /// X of every matrix runs along a row: [T, n] has the extent (X: n, Y: T). What the host cannot see it cannot check: the gradient of
            /// an id that is none of 0 … n² − 1 goes nowhere.
            /// </remarks>
            /// <param name="stream">A stream of the accelerator whose memory holds the views.</param>
            /// <param name="indices">What <c>Route</c> chose, [T, k].</param>
            /// <param name="gradScores">Gradients of the scores, [T, k].</param>
            /// <param name="gradX">Receives the gradients of the first axis, [T, n].</param>
            /// <param name="gradY">Receives the gradients of the second axis, [T, n].</param>
            {{Exceptions}}
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static void RouteBackward(
                global::ILGPU.Runtime.AcceleratorStream stream,
                {{IlgpuViews.Matrix("int")}} indices,
                {{IlgpuViews.Matrix("float")}} gradScores,
                {{IlgpuViews.Matrix("float")}} gradX,
                {{IlgpuViews.Matrix("float")}} gradY)
            """);
        dispatch.WriteIlgpuBody(writer, "global::KernelGen.Ilgpu.DeviceOmniRouterCall.CreateBackward(stream, indices, gradScores, gradX, gradY)");
    }
}
