using KernelGen.Compiler.Emission;
using KernelGen.Compiler.Families;
using Microsoft.CodeAnalysis.CSharp;
using Scriban.Runtime;

namespace KernelGen.Compiler.Dispatch;

/// <summary>Renders the part of a user's class that chooses among the variants of one family, for one back end.</summary>
internal sealed class DispatcherPage
{
    private readonly DeclaredClass _declared;
    private readonly Dispatcher _dispatcher;
    private readonly EntryPointBackEnd _backEnd;

    private DispatcherPage(DeclaredClass declared, EntryPointBackEnd backEnd)
    {
        (_declared, _backEnd) = (declared, backEnd);
        _dispatcher = declared.Family.Dispatcher(declared);
    }

    /// <summary>The file's text.</summary>
    public static string Render(DeclaredClass declared, EntryPointBackEnd backEnd)
    {
        var page = new DispatcherPage(declared, backEnd);
        var place = declared.Place;
        return PageLibrary.Render("Dispatcher", new ScriptObject
        {
            ["declarations"] = List(declared.Family.Declarations(declared.Specs)),
            ["namespace"] = place.Namespace.Length == 0 ? null : GeneratedNames.EscapeDotted(place.Namespace),
            ["variants_alias"] = GeneratedNames.VariantsAlias,
            ["variants_namespace"] = GeneratedNames.VariantNamespace(place.FullName),
            ["containing_types"] = List(place.ContainingTypes.Select(type => new ScriptObject { ["keyword"] = type.Keyword, ["name"] = GeneratedNames.Escape(type.Name) })),
            ["depth"] = place.ContainingTypes.Count,
            ["modifiers"] = place.Modifiers,
            ["name"] = GeneratedNames.Escape(place.Name),
            ["generated_code"] = GeneratedNames.GeneratedCodeAttribute,
            ["shapes"] = backEnd.Shapes,
            ["is_unsafe"] = backEnd.Site == DispatchSite.Cpu,
            ["entries"] = List(page._dispatcher.EntryPoints.Select(page.Entry)),
            ["select"] = backEnd.Site == DispatchSite.Cpu ? page.Select() : null,
            ["missing"] = page.Missing(),
        });
    }

    private ScriptObject Entry(EntryPoint entry)
    {
        var specs = _backEnd.Variants(_declared).Where(spec => entry.Specs.Any(declared => declared.DispatchKey.Equals(spec.DispatchKey))).ToArray();
        return new ScriptObject
        {
            ["name"] = entry.Name,
            ["summary"] = entry.Summary,
            ["enqueues"] = _backEnd.Enqueues,
            ["lists_declarations"] = entry.ListsDeclarations,
            ["declarations"] = List(_declared.Family.Declarations(entry.Specs)),
            ["remarks"] = List(_backEnd.Remarks(entry)),
            ["parameters"] = List(_backEnd.Parameters(entry).Select(parameter => Parameter(parameter, _backEnd.TypeOf(parameter)))),
            ["errors"] = List(_backEnd.Errors(entry).Select(error => new ScriptObject { ["type"] = error.Type, ["condition"] = error.When })),
            ["call"] = _backEnd.Call(entry),
            ["key"] = Tuple(entry.Axes.Select(axis => $"call.{axis.CallProperty}")),
            ["cases"] = List(Cases(_backEnd.Site, specs, entry.Axes, entry)),
            ["missing_arguments"] = MissingArguments(axis =>
                entry.Fixed.TryGetValue(axis.Name, out var value) ? value : entry.Axes.Contains(axis) ? $"call.{axis.CallProperty}" : axis.Omitted!),
        };
    }

    private ScriptObject Select() => new()
    {
        ["entry_names"] = string.Join(" or ", _dispatcher.EntryPoints.Select(entry => $"<c>{entry.Name}</c>").Distinct()),
        ["parameters"] = List(AxisParameters(_dispatcher.Choice).Select(parameter => Parameter(parameter, parameter.Element))),
        ["parameter_list"] = ParameterList(AxisParameters(_dispatcher.Choice)),
        ["key"] = Tuple(_dispatcher.Axes.Select(axis => axis.Parameter)),
        ["cases"] = List(Cases(DispatchSite.Select, _declared.Specs, _dispatcher.Axes)),
        ["missing_arguments"] = MissingArguments(axis => axis.Parameter),
    };

    private ScriptObject Missing() => new()
    {
        ["method"] = _dispatcher.MissingMethod,
        ["parameter_list"] = ParameterList(AxisParameters(_dispatcher.MissingChoice is var (parameter, _) ? [parameter] : []).Select(taken => taken with { Default = null })),
        ["class_name"] = SymbolDisplay.FormatLiteral(_declared.Place.FullName, quote: true),
        ["attribute"] = _declared.Family.Attribute,
        ["stated"] = string.Join(", ", _dispatcher.Axes.Where(axis => axis.Omitted is null).Select(axis => $"{axis.Name} = {{{axis.Parameter}}}")),
        ["texts"] = List(_dispatcher.Axes.Where(axis => axis.Omitted is not null).Select(axis => axis.MissingText)
            .Concat(_dispatcher.MissingChoice is var (_, text) ? [text] : [])),
        ["variants"] = List(_declared.Specs.Select(GeneratedNames.VariantType)),
    };

    private IEnumerable<ScriptObject> Cases(DispatchSite site, IReadOnlyList<IKernelSpec> specs, IReadOnlyList<DispatchAxis> axes, EntryPoint? entry = null) =>
        from sameKey in specs.GroupBy(spec => spec.DispatchKey)
        from choice in _dispatcher.Cases(site, [.. sameKey])
        select new ScriptObject
        {
            ["key"] = Tuple(axes.Select(axis => axis.Value(sameKey.First()))),
            ["guard"] = choice.When,
            ["selector"] = choice.Selector,
            ["is_exhaustive"] = choice.IsExhaustive,
            ["branches"] = List(choice.Branches.Select(branch => Branch(branch, entry))),
        };

    private ScriptObject Branch(DispatchBranch branch, EntryPoint? entry)
    {
        var variant = _backEnd.VariantType(branch.Spec);
        return new ScriptObject
        {
            ["pattern"] = branch.Pattern,
            ["label"] = branch.Pattern == "_" ? "default" : $"case {branch.Pattern}",
            ["variant"] = variant,
            ["run"] = entry is null ? null : _backEnd.Run(entry, variant, _dispatcher.RunArguments(branch.Spec)),
        };
    }

    /// <summary>The axes as parameters: those that every caller states, then the further choice, then those that may be left out.</summary>
    private IEnumerable<EntryParameter> AxisParameters(IReadOnlyList<EntryParameter> choice) =>
    [
        .. _dispatcher.Axes.Where(axis => !axis.IsOptional).Select(AxisParameter),
        .. choice,
        .. _dispatcher.Axes.Where(axis => axis.IsOptional).Select(AxisParameter),
    ];

    private string MissingArguments(Func<DispatchAxis, string> value) => string.Join(", ",
    [
        .. _dispatcher.Axes.Where(axis => !axis.IsOptional).Select(value),
        .. _dispatcher.MissingChoice is var (parameter, _) ? new[] { parameter.Name } : [],
        .. _dispatcher.Axes.Where(axis => axis.IsOptional).Select(value),
    ]);

    private static EntryParameter AxisParameter(DispatchAxis axis) =>
        new(axis.Parameter, ParameterKind.Value, axis.Type, axis.Documentation, axis.IsOptional ? axis.Omitted : null);

    private static string ParameterList(IEnumerable<EntryParameter> parameters) => string.Join(", ",
        parameters.Select(parameter => $"{parameter.Element} {parameter.Name}{(parameter.Default is null ? "" : $" = {parameter.Default}")}"));

    private static ScriptObject Parameter(EntryParameter parameter, string type) => new()
    {
        ["name"] = parameter.Name,
        ["type"] = type,
        ["default"] = parameter.Default,
        ["documentation"] = parameter.Documentation,
    };

    private static string Tuple(IEnumerable<string> values)
    {
        var list = values.ToArray();
        return list.Length == 1 ? list[0] : $"({string.Join(", ", list)})";
    }

    private static ScriptArray List(IEnumerable<object> values) => new(values);
}
