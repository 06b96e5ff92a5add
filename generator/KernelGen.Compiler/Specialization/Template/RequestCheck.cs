using Microsoft.CodeAnalysis.CSharp;

namespace KernelGen.Compiler.Specialization;

/// <summary>Checks that a request names what the template has, and gives every type.</summary>
internal static class RequestCheck
{
    public static void Run(KernelTemplate template, SpecializationRequest request, ProblemList problems)
    {
        foreach (var name in request.Values.Keys)
        {
            if (template.Members.Consts.TryGetValue(name, out var constant) && constant.IsSpecialized) continue;
            problems.AddToRequest(ProblemIds.UnknownInput, $"{template.ClassName} has no [Specialize] constant {name}", template.Location);
        }

        foreach (var type in request.Types)
        {
            if (!template.Members.TypeParameters.Contains(type.Key))
                problems.AddToRequest(ProblemIds.UnknownInput, $"{template.ClassName} has no type parameter {type.Key}", template.Location);
            else if (SyntaxFactory.ParseTypeName(type.Value).ContainsDiagnostics)
                problems.AddToRequest(ProblemIds.UnknownInput, $"'{type.Value}', given for {type.Key}, is no C# type", template.Location);
        }

        foreach (var parameter in template.Members.TypeParameters)
        {
            if (!request.Types.ContainsKey(parameter))
                problems.AddToRequest(ProblemIds.MissingType, $"the type parameter {parameter} of {template.ClassName} is given no type", template.Location);
        }
    }
}
