using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Emission;

/// <summary>Writes the overloads of <c>Forward</c> that take an ILGPU stream and views, one for each type of weights.</summary>
internal static class FusedMoeIlgpuDispatcher
{
    public static void Write(CodeWriter writer, DeclaredClass declared)
    {
        var first = true;
        foreach (var sameType in declared.DeviceExperts.GroupBy(spec => spec.WeightType))
        {
            if (!first) writer.Line();
            first = false;
            WriteForward(writer, sameType.Key, sameType.ToArray(), declared);
        }
    }

    private static void WriteForward(CodeWriter writer, DType weightType, IReadOnlyList<FusedMoeSpec> specs, DeclaredClass declared)
    {
        var weight = FusedMoeDispatcher.WeightType(weightType);
        var format = specs.Any(FusedMoeDispatcher.IsQuantized) ? ", call.Quantization, call.GroupSize, call.ZeroPoints" : "";
        writer.Line($$"""
            /// <summary>
            /// Puts into a stream: sends every token through its k experts and adds up their outputs times the weights. The extents choose among the declared experts:
            {{DocumentationList.Of(declared.Experts.Where(spec => spec.WeightType == weightType).ToArray())}}
            /// </summary>
            /// <remarks>
            /// X of every matrix runs along a row: [T, H] has the extent (X: H, Y: T). What the host cannot see it cannot check: an expert that is
            /// none of 0 to E - 1 leaves its slot out.
            /// </remarks>
            /// <param name="stream">A stream of the accelerator whose memory holds the views.</param>
            /// <param name="hidden">Hidden states, [T, H].</param>
            /// <param name="expertWeights">The weights of all experts.</param>
            /// <param name="weights">Weight of each chosen expert, [T, k].</param>
            /// <param name="experts">Number of each chosen expert, [T, k]; -1 leaves a slot out.</param>
            /// <param name="output">Receives the sums, [T, H].</param>
            /// <param name="splitK">Slices of the reduction, one of the declared numbers; 0 lets the number of tokens choose.</param>
            /// <exception cref="global::System.ArgumentException">The extents do not fit each other, the weights have other parts than declared, or a view lies in another accelerator's memory.</exception>
            /// <exception cref="global::System.ObjectDisposedException">The stream, its accelerator, the weights or a buffer is disposed.</exception>
            /// <exception cref="global::KernelGen.Ilgpu.DeviceOutOfMemoryException">The device has no room for intermediate states.</exception>
            /// <exception cref="global::KernelGen.KernelVariantNotFoundException">No declared experts have these shapes.</exception>
            {{GeneratedNames.GeneratedCodeAttribute}}
            public static void Forward(
                global::ILGPU.Runtime.AcceleratorStream stream,
                {{IlgpuViews.Matrix("float")}} hidden,
                global::KernelGen.Ilgpu.DeviceExpertWeights<{{weight}}> expertWeights,
                {{IlgpuViews.Matrix("float")}} weights,
                {{IlgpuViews.Matrix("int")}} experts,
                {{IlgpuViews.Matrix("float")}} output,
                int splitK = 0)
            """);
        using (writer.OpenBlock())
        {
            writer.Line($"var call = global::KernelGen.Ilgpu.DeviceExpertsCall<{weight}>.Create(stream, hidden, expertWeights, weights, experts, output);");
            writer.Line($"switch ((call.Experts, call.TopK, call.HiddenSize, call.IntermediateSize{format}))");
            using (writer.OpenBlock())
            {
                foreach (var sameShape in specs.GroupBy(spec => spec.DispatchKey))
                {
                    using (writer.Indent($"case {FusedMoeDispatcher.Shape(sameShape.First())}:"))
                    {
                        WriteSplitKChoice(writer, sameShape.OrderBy(spec => spec.SplitK).ToArray(), declared);
                        writer.Line().Line("break;");
                    }
                }
            }

            writer.Line();
            writer.Line($"throw NoSuchExperts(call.Experts, call.TopK, call.HiddenSize, call.IntermediateSize, global::KernelGen.DType.{weightType}, splitK{format});");
        }
    }

    private static void WriteSplitKChoice(CodeWriter writer, IReadOnlyList<FusedMoeSpec> specs, DeclaredClass declared)
    {
        var numbers = declared.Experts.Where(spec => spec.DispatchKey == specs[0].DispatchKey).Select(spec => spec.SplitK).OrderBy(slices => slices).ToArray();
        var tuned = specs[0].Devices.Count > 0 ? $", {GeneratedNames.IlgpuVariantType(specs[0])}.Kernels" : "";
        var columns = numbers.Length > 1 && FusedMoePtx.ColumnsOfFewSlots(specs[0]) is var few and < FusedMoePtx.UsualColumns ? $", columnsOfGroup: {few}" : "";
        writer.Line($"switch (call.SplitK(splitK, [{string.Join(", ", numbers)}]{tuned}{columns}))");
        using (writer.OpenBlock())
        {
            foreach (var spec in specs)
            {
                var variant = GeneratedNames.IlgpuVariantType(spec);
                using (writer.Indent($"case {spec.SplitK}{(numbers.Contains(spec.SplitK) ? "" : " when splitK == 0")}:"))
                {
                    writer.Line($"global::KernelGen.KernelDispatch.Report({variant}.Variant, call.Tokens);");
                    writer.Line($"call.Run({variant}.Kernels);");
                    writer.Line("return;");
                }
            }
        }
    }
}
