using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Specialization;

/// <summary>Turns a template and a spec into straight C#.</summary>
public static class Specializer
{
    /// <summary>Specialises <paramref name="template"/>. Never throws for what a template contains: problems are in the result.</summary>
    /// <exception cref="ArgumentException">The class name is no C# identifier, or the vector width is not 128, 256 or 512.</exception>
    public static SpecializationResult Specialize(KernelTemplate template, SpecializationRequest request)
    {
        if (!SyntaxFacts.IsValidIdentifier(request.ClassName)) throw new ArgumentException($"'{request.ClassName}' is no C# identifier", nameof(request));
        if (request.VectorBits is not (128 or 256 or 512))
            throw new ArgumentOutOfRangeException(nameof(request), request.VectorBits, "VectorBits must be 128, 256 or 512");

        var problems = new ProblemList();
        foreach (var problem in template.Problems) problems.AddToRequest(problem.Id, problem.Message, (problem.Path, problem.Line, problem.Column));
        if (problems.Count == 0) RequestCheck.Run(template, request, problems);
        if (problems.Count > 0) return Failed(problems);

        var session = new Session(template, request, problems);
        var source = "";
        try
        {
            session.Constants.CheckGiven();
            source = request.Specialize ? new ClassWriter(session).Write() : new UnspecializedWriter(session).Write();
        }
        catch (SpecializationLimitException)
        {
            // Its problem is reported.
        }
        catch (InsufficientExecutionStackException)
        {
            problems.Add(ProblemIds.Limit, "expressions or statements are nested too deeply", template.Location);
        }

        return problems.Count > 0
            ? Failed(problems)
            : new SpecializationResult(source, new EquatableArray<string>(TemplateUsings.Of(session)), EquatableArray<TemplateProblem>.Empty);
    }

    private static SpecializationResult Failed(ProblemList problems) => new("", EquatableArray<string>.Empty, new EquatableArray<TemplateProblem>(problems));
}
