namespace KernelGen.Compiler.Specialization;

/// <summary>A parsed template: one static class, possibly partial over several files. Immutable; parse once, specialise often.</summary>
public sealed class KernelTemplate
{
    private KernelTemplate()
    {
    }

    /// <summary>Parses the files that together declare the template class.</summary>
    public static KernelTemplate Parse(params TemplateSource[] sources) => throw new NotImplementedException();
}

/// <summary>One file of a template.</summary>
/// <param name="Path">Name for diagnostics.</param>
/// <param name="Text">The C# text.</param>
public sealed record TemplateSource(string Path, string Text);
