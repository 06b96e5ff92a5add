using KernelGen.Compiler.Emission;
using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Dispatch;

/// <summary>What entry points look like on one back end.</summary>
internal abstract class EntryPointBackEnd
{
    /// <summary>Spans in, results out.</summary>
    public static EntryPointBackEnd Cpu { get; } = new CpuEntryPoints();

    /// <summary>A stream and views of ILGPU's.</summary>
    public static EntryPointBackEnd Ilgpu { get; } = new IlgpuEntryPoints();

    /// <summary>Where a choice among variants stands.</summary>
    public abstract DispatchSite Site { get; }

    /// <summary>What the back end calls sizes.</summary>
    public abstract string Shapes { get; }

    /// <summary>The class's variants.</summary>
    public abstract IReadOnlyList<IKernelSpec> Variants(DeclaredClass declared);

    /// <summary>The type of a variant, in a dispatcher.</summary>
    public abstract string VariantType(IKernelSpec spec);

    /// <summary>The type of a parameter.</summary>
    public abstract string TypeOf(EntryParameter parameter);

    /// <summary>All parameters of an entry point.</summary>
    public abstract IEnumerable<EntryParameter> Parameters(EntryPoint entry);

    /// <summary>The expression that makes the call.</summary>
    public abstract string Call(EntryPoint entry);

    /// <summary>The arguments of the call's <c>Run</c>.</summary>
    public abstract string Run(EntryPoint entry, string variant, string arguments);

    /// <summary>What the summary says of the back end.</summary>
    public virtual string Enqueues => "";

    /// <summary>Remarks on an entry point.</summary>
    public virtual IEnumerable<string> Remarks(EntryPoint entry) => [];

    /// <summary>The exceptions of an entry point.</summary>
    public abstract IEnumerable<(string Type, string When)> Errors(EntryPoint entry);

    /// <summary>The expression that makes a call of a namespace's: by a method, or by a constructor where it starts with <c>new</c>.</summary>
    private string Call(string ofNamespace, string call, EntryPoint entry)
    {
        const string Constructor = "new ";
        var arguments = string.Join(", ", Parameters(entry).Where(parameter => !parameter.IsOutsideCall).Select(parameter => parameter.Name));
        return call.StartsWith(Constructor, StringComparison.Ordinal)
            ? $"{Constructor}global::{ofNamespace}.{call.Substring(Constructor.Length)}({arguments})"
            : $"global::{ofNamespace}.{call}({arguments})";
    }

    private sealed class CpuEntryPoints : EntryPointBackEnd
    {
        public override DispatchSite Site => DispatchSite.Cpu;

        public override string Shapes => "shapes";

        public override IReadOnlyList<IKernelSpec> Variants(DeclaredClass declared) => declared.Specs;

        public override string VariantType(IKernelSpec spec) => GeneratedNames.VariantType(spec);

        public override string TypeOf(EntryParameter parameter) => parameter.Kind switch
        {
            ParameterKind.Matrix => $"global::System.Numerics.Tensors.ReadOnlyTensorSpan<{parameter.Element}>",
            ParameterKind.OutputMatrix => $"global::System.Numerics.Tensors.TensorSpan<{parameter.Element}>",
            ParameterKind.Vector => $"global::System.ReadOnlySpan<{parameter.Element}>",
            ParameterKind.ExpertWeights => $"global::KernelGen.ExpertWeights<{parameter.Element}>",
            _ => parameter.Element,
        };

        public override IEnumerable<EntryParameter> Parameters(EntryPoint entry) => entry.Parameters.Append(new(
            "cancellation", ParameterKind.Value, "global::System.Threading.CancellationToken", "Ends the call early; the outputs are undefined then.", "default") { IsOutsideCall = true });

        public override string Call(EntryPoint entry) => Call("KernelGen.Cpu", entry.CpuCall, entry);

        public override string Run(EntryPoint entry, string variant, string arguments) => $"&{variant}.{entry.Kernel}{arguments}, cancellation: cancellation";

        public override IEnumerable<(string Type, string When)> Errors(EntryPoint entry) =>
        [
            ("System.ArgumentException", $"The shapes do not fit each other{entry.CpuArgumentErrors}."),
            ("KernelGen.KernelVariantNotFoundException", "No declared variant has these shapes."),
            ("System.OperationCanceledException", "<paramref name=\"cancellation\"/> was cancelled."),
        ];
    }

    private sealed class IlgpuEntryPoints : EntryPointBackEnd
    {
        public override DispatchSite Site => DispatchSite.Ilgpu;

        public override string Shapes => "extents";

        public override string Enqueues => " Enqueues kernels on the stream and returns.";

        public override IReadOnlyList<IKernelSpec> Variants(DeclaredClass declared) => declared.DeviceVariants;

        public override string VariantType(IKernelSpec spec) => GeneratedNames.IlgpuVariantType(spec);

        public override string TypeOf(EntryParameter parameter) => parameter.Kind switch
        {
            ParameterKind.Matrix or ParameterKind.OutputMatrix => $"global::ILGPU.Runtime.ArrayView2D<{parameter.Element}, global::ILGPU.Stride2D.DenseX>",
            ParameterKind.Vector => $"global::ILGPU.ArrayView<{parameter.Element}>",
            ParameterKind.ExpertWeights => $"global::KernelGen.Ilgpu.DeviceExpertWeights<{parameter.Element}>",
            _ => parameter.Element,
        };

        public override IEnumerable<EntryParameter> Parameters(EntryPoint entry) => entry.Parameters.Prepend(new(
            "stream", ParameterKind.Value, "global::ILGPU.Runtime.AcceleratorStream", "A stream of the accelerator that holds the views."));

        public override string Call(EntryPoint entry) => Call("KernelGen.Ilgpu", entry.IlgpuCall, entry);

        public override string Run(EntryPoint entry, string variant, string arguments) => $"{variant}.Kernels";

        public override IEnumerable<string> Remarks(EntryPoint entry) =>
            [$"The rows of a matrix run along X: [T, n] has the extent (X: n, Y: T). {entry.IlgpuRemarks}".TrimEnd()];

        public override IEnumerable<(string Type, string When)> Errors(EntryPoint entry)
        {
            yield return ("System.ArgumentException", $"The extents do not fit each other{entry.IlgpuArgumentErrors}, or a view lies in another accelerator's memory.");
            yield return ("System.ObjectDisposedException", "The stream, its accelerator, a buffer or the weights are disposed.");
            if (entry.IlgpuMemory.Length > 0) yield return ("KernelGen.Ilgpu.DeviceOutOfMemoryException", $"The device has no memory for {entry.IlgpuMemory}.");
            yield return ("KernelGen.KernelVariantNotFoundException", "No declared variant has these extents.");
        }
    }
}
