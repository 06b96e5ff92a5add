using KernelGen.Compiler.Specialization;

namespace KernelGen.Compiler.Tests;

/// <summary>Small templates around a method body or some members.</summary>
internal static class Sample
{
    public const string Path = "Sample.cs";

    /// <summary>First line of <see cref="Of"/>'s members.</summary>
    public const int FirstLine = 6;

    /// <summary>A template class with these members.</summary>
    public static string Of(string members, string typeParameters = "") =>
        "using System;\nusing System.Numerics;\nusing System.Runtime.Intrinsics;\n[KernelGen.KernelTemplate]\nstatic unsafe class Sample" + typeParameters + " {\n" + members + "\n}\n";

    public static SpecializationRequest Request(params (string Name, ConstantValue Value)[] values) =>
        new("Kernel", values.ToDictionary(value => value.Name, value => value.Value), new Dictionary<string, string>());

    public static SpecializationResult Specialize(string template, SpecializationRequest? request = null) =>
        Specializer.Specialize(KernelTemplate.Parse(new TemplateSource(Path, template)), request ?? Request());

    /// <summary>The class body that members become, without its indentation.</summary>
    public static string Members(string members, SpecializationRequest? request = null, string typeParameters = "")
    {
        var result = Specialize(Of(members, typeParameters), request);
        Assert.Empty(result.Problems.Select(problem => problem.ToString()));
        var lines = result.Source.TrimEnd('\n').Split('\n');
        return string.Join("\n", lines[2..^1].Select(line => line.Length > 4 ? line[4..] : line));
    }

    /// <summary>What a method's body becomes, without its indentation.</summary>
    public static string Body(string body, string parameters = "", string members = "", SpecializationRequest? request = null)
    {
        var text = Members(members + "\n    public static void Run(" + parameters + ")\n    {\n" + Indented(body, 8) + "\n    }", request);
        var lines = text[text.IndexOf("public static void Run(", StringComparison.Ordinal)..].Split('\n');
        var end = Array.IndexOf(lines, "}");
        return string.Join("\n", lines[2..end].Select(line => line.Length > 4 ? line[4..] : line));
    }

    /// <summary>What an expression becomes.</summary>
    public static string Expression(string expression, string parameters = "", string members = "", SpecializationRequest? request = null)
    {
        var statement = Body($"Use({expression});", parameters, members, request);
        return statement["Use(".Length..^");".Length];
    }

    /// <summary>The problems of a template, as <c>id line:column</c>; lines count from the first of the members.</summary>
    public static string[] Problems(string members, SpecializationRequest? request = null) =>
        Specialize(Of(members), request).Problems.Select(problem => $"{problem.Id} {problem.Line - FirstLine + 1}:{problem.Column}").ToArray();

    public static void AssertText(string expected, string actual) => Assert.Equal(expected.Replace("\r\n", "\n"), actual);

    private static string Indented(string text, int columns) =>
        string.Join("\n", text.Replace("\r\n", "\n").Split('\n').Select(line => line.Length == 0 ? line : new string(' ', columns) + line));
}
