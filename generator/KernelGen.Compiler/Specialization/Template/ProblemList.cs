using System.Collections;

namespace KernelGen.Compiler.Specialization;

/// <summary>The ids of what a template can have wrong; each has a page in docs/diagnostics.</summary>
internal static class ProblemIds
{
    public const string IndexNotConstant = "KG1001";
    public const string BoundNotConstant = "KG1002";
    public const string Limit = "KG1003";
    public const string ArgumentNotConstant = "KG1004";
    public const string Arithmetic = "KG1005";
    public const string StaticMisuse = "KG1006";
    public const string RuntimeJump = "KG1007";
    public const string Goto = "KG1008";
    public const string UnknownInput = "KG1009";
    public const string MissingType = "KG1010";
    public const string Malformed = "KG1011";
    public const string IndexOutOfRange = "KG1012";
    public const string ConstantAssigned = "KG1013";
    public const string HelperCall = "KG1014";
}

/// <summary>Collects problems, one for each id and place: unrolled copies repeat theirs.</summary>
internal sealed class ProblemList : IEnumerable<TemplateProblem>
{
    private const int Most = 100;

    private readonly List<TemplateProblem> _problems = [];
    private readonly HashSet<(string, string, int, int)> _places = [];

    public int Count => _problems.Count;

    public void Add(string id, string message, TemplateFile file, int position) => Add(id, message, file.LocationOf(position));

    public void Add(string id, string message, (string Path, int Line, int Column) at)
    {
        if (_problems.Count < Most && _places.Add((id, at.Path, at.Line, at.Column)))
            _problems.Add(new TemplateProblem(id, message, at.Path, at.Line, at.Column));
    }

    /// <summary>Adds a problem of the request, which has no place of its own.</summary>
    public void AddToRequest(string id, string message, (string Path, int Line, int Column) at)
    {
        if (_problems.Count < Most) _problems.Add(new TemplateProblem(id, message, at.Path, at.Line, at.Column));
    }

    public IEnumerator<TemplateProblem> GetEnumerator() => _problems.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Ends a specialisation that would go on for too long; the problem is in the list already.</summary>
internal sealed class SpecializationLimitException : Exception;
