using System.Reflection;
using KernelGen.Compiler.Specialization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace OwnTemplate;

/// <summary>The template of an embedded file, specialised, compiled and loaded.</summary>
internal sealed class SpecializedKernel
{
    private SpecializedKernel(string source, Type type) => (Source, Type) = (source, type);

    /// <summary>The straight C# that became of the template.</summary>
    public string Source { get; }

    private Type Type { get; }

    /// <summary>Makes a class of that name from the template with these values.</summary>
    /// <exception cref="InvalidOperationException">The template cannot be specialised so; the message says where and why.</exception>
    public static SpecializedKernel Make(string file, string className, IReadOnlyDictionary<string, ConstantValue> values, int vectorBits)
    {
        using var text = new StreamReader(typeof(SpecializedKernel).Assembly.GetManifestResourceStream(file)!);
        var template = KernelTemplate.Parse(new TemplateSource(file, text.ReadToEnd()));
        var result = Specializer.Specialize(template, new SpecializationRequest(className, values, new Dictionary<string, string>())
        {
            VectorBits = vectorBits,
            Modifiers = "public static unsafe",
        });
        if (result.Problems.Count > 0) throw new InvalidOperationException(string.Join(Environment.NewLine, result.Problems));
        return new SpecializedKernel(result.Source, Compile(string.Join('\n', result.Usings) + "\n\n" + result.Source).GetType(className)!);
    }

    /// <summary>The address of a method.</summary>
    public nint Address(string method) => Type.GetMethod(method)!.MethodHandle.GetFunctionPointer();

    private static Assembly Compile(string source)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true);
        using var image = new MemoryStream();
        var result = CSharpCompilation.Create("Specialized", [CSharpSyntaxTree.ParseText(source)], references, options).Emit(image);
        return result.Success ? Assembly.Load(image.ToArray()) : throw new InvalidOperationException(string.Join(Environment.NewLine, result.Diagnostics));
    }
}
