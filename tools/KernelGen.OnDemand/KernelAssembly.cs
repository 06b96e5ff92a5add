using System.Reflection;
using System.Runtime.Loader;
using KernelGen.Compiler;
using KernelGen.Compiler.Emission;
using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.OnDemand;

/// <summary>Kernels that were specialised, compiled and loaded in this process.</summary>
public sealed class KernelAssembly
{
    private const string ClassName = "Kernels";

    private static readonly Lazy<MetadataReference[]> References = new(() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => (MetadataReference)MetadataReference.CreateFromFile(path)).ToArray());

    private readonly Type _class;

    private KernelAssembly(Type kernels) => _class = kernels;

    /// <summary>Makes kernels for <paramref name="specs"/>, whose dispatch keys differ.</summary>
    /// <exception cref="ArgumentException">A spec is invalid; the message holds every problem.</exception>
    public static KernelAssembly Compile(params IKernelSpec[] specs) => Compile(specs, forIlgpu: false);

    /// <summary>The same with the entry points and kernels for ILGPU's devices. The program must reference KernelGen.Ilgpu.</summary>
    /// <exception cref="ArgumentException">A spec is invalid; the message holds every problem.</exception>
    public static KernelAssembly CompileForIlgpu(params IKernelSpec[] specs) => Compile(specs, forIlgpu: true);

    /// <summary>The same from what a cache keeps; else that gets it. Kernels may be made for one vector width alone.</summary>
    internal static KernelAssembly Compile(IKernelSpec[] specs, bool forIlgpu, CachedImage? cached = null, int? onlyVectorBits = null)
    {
        var problems = specs.SelectMany(spec => spec.Validate()).Select(problem => $"{problem.Id}: {problem.Message}").Distinct().ToArray();
        if (problems.Length > 0) throw new ArgumentException(string.Join("; ", problems), nameof(specs));

        if (cached?.Read() is { } kept) return new KernelAssembly(Load(kept).GetType(ClassName, throwOnError: true)!);

        var place = new ClassPlace("", EquatableArray<ContainingType>.Empty, ClassName, "public static");
        var declared = specs.GroupBy(spec => spec.Family).Select(family => new DeclaredClass(place, family.Key, new(family))).ToArray();
        var sources = declared.SelectMany(family => KernelEmitter.Emit(family, onlyVectorBits));
        if (forIlgpu) sources = sources.Concat(declared.SelectMany(KernelEmitter.EmitIlgpu));
        var image = Build([.. sources]);
        cached?.Write(image);
        return new KernelAssembly(Load(image).GetType(ClassName, throwOnError: true)!);
    }

    /// <summary>The gates' entry point for logits of single precision.</summary>
    public GateRoute<float> Route => RouteOf<float>();

    /// <summary>The gates' entry point for one type of logits: <see cref="float"/>, <see cref="Half"/> or <see cref="BFloat16"/>.</summary>
    public GateRoute<TLogit> RouteOf<TLogit>()
        where TLogit : unmanaged => Bind<GateRoute<TLogit>>("Route");

    /// <summary>The entry point of gates with a hash table for one type of logits.</summary>
    public GateRouteByTable<TLogit> RouteByTable<TLogit>()
        where TLogit : unmanaged => Bind<GateRouteByTable<TLogit>>("RouteByTable");

    /// <summary>The experts' entry point for one type of weights: <see cref="float"/> or <see cref="BFloat16"/>.</summary>
    public ExpertsForward<T> Forward<T>()
        where T : unmanaged => Bind<ExpertsForward<T>>("Forward");

    /// <summary>The product-key routers' entry point.</summary>
    public OmniRoute OmniRoute => Bind<OmniRoute>("Route");

    /// <summary>The product-key routers' backward pass.</summary>
    public OmniRouteBackward OmniRouteBackward => Bind<OmniRouteBackward>("RouteBackward");

    /// <summary>The one-neuron experts' entry point.</summary>
    public OmniExpertsForward OmniForward => Bind<OmniExpertsForward>("Forward");

    /// <summary>The one-neuron experts' backward pass.</summary>
    public OmniExpertsBackward OmniBackward => Bind<OmniExpertsBackward>("Backward");

    /// <summary>The address of the kernel for one vector width: <c>delegate*&lt;in GateArguments, void&gt;</c> for a gate, and so on.</summary>
    /// <remarks>A width that the processor lacks runs, slowly; so every width can be tested anywhere.</remarks>
    public nint Kernel(IKernelSpec spec, int vectorBits, string entry = "Run")
    {
        var type = _class.Assembly.GetTypes().Single(type => type.DeclaringType?.Name == spec.VariantName && type.Name == CpuRecipe.ClassName(vectorBits));
        return type.GetMethod(entry, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!.MethodHandle.GetFunctionPointer();
    }

    /// <summary>What launches the ILGPU kernels of a spec, for example a <c>GateKernels&lt;float&gt;</c>.</summary>
    public object IlgpuKernels(IKernelSpec spec) =>
        _class.Assembly.GetTypes().Single(type => type.Name == spec.Family.IlgpuVariantName(spec)).GetField("Kernels")!.GetValue(null)!;

    /// <summary>A generated member as a delegate.</summary>
    /// <exception cref="InvalidOperationException">No member has this name and these parameters.</exception>
    public TDelegate Entry<TDelegate>(string name)
        where TDelegate : Delegate => Bind<TDelegate>(name);

    private static byte[] Build(IReadOnlyList<EmittedSource> sources)
    {
        var parsing = new CSharpParseOptions(LanguageVersion.CSharp12);
        var trees = sources.Select(source => CSharpSyntaxTree.ParseText(source.Text, parsing, source.HintName, System.Text.Encoding.UTF8));
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true);
        var compilation = CSharpCompilation.Create($"KernelGen.OnDemand.{Guid.NewGuid():N}", trees, References.Value, options);

        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        if (!result.Success)
        {
            var errors = result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
            throw new InvalidOperationException($"the specialised kernels do not compile; this is a defect of KernelGen:{Environment.NewLine}{string.Join(Environment.NewLine, errors)}");
        }

        return image.ToArray();
    }

    private static Assembly Load(byte[] image) => AssemblyLoadContext.Default.LoadFromStream(new MemoryStream(image));

    private TDelegate Bind<TDelegate>(string name)
        where TDelegate : Delegate
    {
        var parameters = typeof(TDelegate).GetMethod("Invoke")!.GetParameters().Select(parameter => parameter.ParameterType).ToArray();
        var method = _class.GetMethod(name, parameters) ?? throw new InvalidOperationException($"no {name} was asked for");
        return method.CreateDelegate<TDelegate>();
    }
}
