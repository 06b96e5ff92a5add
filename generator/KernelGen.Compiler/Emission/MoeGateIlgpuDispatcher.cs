using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes the overloads of <c>Route</c> and <c>RouteByTable</c> that take an ILGPU stream and views, one for each type of logits.</summary>
internal static class MoeGateIlgpuDispatcher
{
    private const string Common = """
        /// <param name="weights">Receives the weights of the chosen experts, [T, k].</param>
        /// <param name="experts">Receives the numbers of the chosen experts, [T, k], in the same order.</param>
        /// <param name="routedScalingFactor">Factor of all weights but those of shared experts.</param>
        /// <param name="nonPaddedTokens">Tokens that are routed, 0 to T; those behind them get the expert -1 and the weight 0. -1 routes all.</param>
        /// <exception cref="global::System.ArgumentException">The extents do not fit each other, or a view lies in another accelerator's memory.</exception>
        /// <exception cref="global::System.ObjectDisposedException">The stream, its accelerator or a buffer is disposed.</exception>
        /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared gate has these shapes.</exception>
        """;

    public static void Write(CodeWriter writer, DeclaredClass declared)
    {
        var first = true;
        foreach (var alike in declared.Gates.GroupBy(gate => (gate.LogitsType, gate.HashTable)))
        {
            if (!first) writer.Line();
            first = false;
            if (alike.Key.HashTable) WriteRouteByTable(writer, alike.ToArray());
            else WriteRoute(writer, alike.ToArray());
        }
    }

    private static void WriteRoute(CodeWriter writer, IReadOnlyList<MoeGateSpec> gates)
    {
        var logit = MoeGateDispatcher.LogitType(gates[0].LogitsType);
        writer.Line($$"""
            /// <summary>
            /// Puts into a stream: chooses the k experts of every token and their weights. The extents choose among the declared gates:
            {{DocumentationList.Of(gates)}}
            /// </summary>
            /// <remarks>X of every matrix runs along a row: [T, E] has the extent (X: E, Y: T).</remarks>
            /// <param name="stream">A stream of the accelerator whose memory holds the views.</param>
            /// <param name="logits">The router's logits, [T, E].</param>
            /// <param name="correctionBias">What is added to the scores for the selection only, [E]; empty for a gate without a bias.</param>
            {{Common}}
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static void Route(
                global::ILGPU.Runtime.AcceleratorStream stream,
                {{IlgpuViews.Matrix(logit)}} logits,
                {{IlgpuViews.Vector("float")}} correctionBias,
                {{IlgpuViews.Matrix("float")}} weights,
                {{IlgpuViews.Matrix("int")}} experts,
                float routedScalingFactor = 1f,
                int nonPaddedTokens = -1)
            """);
        using (writer.OpenBlock())
        {
            writer.Line($"var call = global::KernelGen.Ilgpu.DeviceGateCall<{logit}>.Create(stream, logits, correctionBias, weights, experts, routedScalingFactor, nonPaddedTokens);");
            writer.Line("switch ((call.Experts, call.TopK, call.HasCorrectionBias))");
            WriteCases(writer, gates, gate => $"({gate.Experts}, {gate.TopK}, {MoeGateDispatcher.Literal(gate.CorrectionBias)})", "call.HasCorrectionBias");
        }
    }

    private static void WriteRouteByTable(CodeWriter writer, IReadOnlyList<MoeGateSpec> gates)
    {
        var logit = MoeGateDispatcher.LogitType(gates[0].LogitsType);
        writer.Line($$"""
            /// <summary>
            /// Puts into a stream: computes the weights of the k experts that a table has for every token. The extents choose among the declared gates:
            {{DocumentationList.Of(gates)}}
            /// </summary>
            /// <remarks>
            /// X of every matrix runs along a row: [T, E] has the extent (X: E, Y: T). What the host cannot see it cannot check: a token without
            /// a row in the table, and an entry that names no expert, yield the expert -1 with the weight 0.
            /// </remarks>
            /// <param name="stream">A stream of the accelerator whose memory holds the views.</param>
            /// <param name="logits">The router's logits, [T, E].</param>
            /// <param name="tokenIds">The row of the table for each token, [T].</param>
            /// <param name="table">Numbers of experts, [vocabulary, k].</param>
            {{Common}}
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static void RouteByTable(
                global::ILGPU.Runtime.AcceleratorStream stream,
                {{IlgpuViews.Matrix(logit)}} logits,
                {{IlgpuViews.Vector("int")}} tokenIds,
                {{IlgpuViews.Matrix("int")}} table,
                {{IlgpuViews.Matrix("float")}} weights,
                {{IlgpuViews.Matrix("int")}} experts,
                float routedScalingFactor = 1f,
                int nonPaddedTokens = -1)
            """);
        using (writer.OpenBlock())
        {
            writer.Line($"var call = global::KernelGen.Ilgpu.DeviceGateCall<{logit}>.CreateByTable(stream, logits, tokenIds, table, weights, experts, routedScalingFactor, nonPaddedTokens);");
            writer.Line("switch ((call.Experts, call.TopK))");
            WriteCases(writer, gates, gate => $"({gate.Experts}, {gate.TopK})", "false");
        }
    }

    private static void WriteCases(CodeWriter writer, IReadOnlyList<MoeGateSpec> gates, Func<MoeGateSpec, string> shape, string correctionBias) =>
        MoeGateDispatcher.WriteCases(writer, gates, shape, correctionBias, GeneratedNames.IlgpuVariantType, variant => $"{variant}.Kernels");
}
