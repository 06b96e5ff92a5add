namespace KernelGen.Compiler.Specialization;

/// <summary>One specialisation in progress: what all bodies of the template share.</summary>
internal sealed class Session
{
    private const int MostStatements = 50_000;
    private const int MostSteps = 500_000;

    private readonly Dictionary<string, EnumType> _requestEnums = [];
    private int _statements;
    private int _steps;

    public Session(KernelTemplate template, SpecializationRequest request, ProblemList problems)
    {
        Template = template;
        Request = request;
        Problems = problems;
        foreach (var value in request.Values.Values)
            if (value is EnumConstant constant) _requestEnums[constant.Type.Name] = constant.Type;
        Constants = new TemplateConstants(this);
        Helpers = new HelperInstances(this);
    }

    public KernelTemplate Template { get; }

    public SpecializationRequest Request { get; }

    public ProblemList Problems { get; }

    public TemplateConstants Constants { get; }

    public HelperInstances Helpers { get; }

    /// <summary>Fields, properties and kept constants that specialised code mentions.</summary>
    public HashSet<TemplateMember> Used { get; } = [];

    /// <summary>The types that the template class's type parameters stand for.</summary>
    public IReadOnlyDictionary<string, string> Types => Request.Types;

    /// <summary>What the template's <c>Vector256</c> is called here.</summary>
    public string VectorName => Request.VectorBits switch { 128 => "Vector128", 512 => "Vector512", _ => "Vector256" };

    /// <summary>Above 0 while an expression is looked at only for its type: nothing is reported or instantiated.</summary>
    public int Probing { get; set; }

    /// <summary>An enumeration whose members are known, by the name that the template uses.</summary>
    public EnumType? FindEnum(string name)
    {
        var simple = name.Substring(name.LastIndexOf('.') + 1);
        return Template.Enums.TryGetValue(simple, out var type)
            || _requestEnums.TryGetValue(simple, out type)
            || EnumType.Own.TryGetValue(simple, out type) ? type : null;
    }

    public void Report(string id, string message, TemplateFile file, int position)
    {
        if (Probing == 0) Problems.Add(id, message, file, position);
    }

    /// <summary>Counts a statement written.</summary>
    public void CountStatement(TemplateFile file, int position) => Count(ref _statements, MostStatements, "statements", file, position);

    /// <summary>Counts a statement looked at, written or not: an unrolled loop whose copies vanish ends too.</summary>
    public void CountStep(TemplateFile file, int position) => Count(ref _steps, MostSteps, "steps", file, position);

    private void Count(ref int count, int most, string what, TemplateFile file, int position)
    {
        if (++count <= most) return;
        Problems.Add(ProblemIds.Limit, $"the specialisation has more than {most} {what}; unroll less", file, position);
        throw new SpecializationLimitException();
    }
}
