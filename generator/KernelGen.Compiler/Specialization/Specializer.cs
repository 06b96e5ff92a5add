namespace KernelGen.Compiler.Specialization;

/// <summary>Turns a template and a spec into straight C#.</summary>
public static class Specializer
{
    /// <summary>Specialises <paramref name="template"/>. Never throws for what a template contains: problems are in the result.</summary>
    public static SpecializationResult Specialize(KernelTemplate template, SpecializationRequest request) => throw new NotImplementedException();
}
