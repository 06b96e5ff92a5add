using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace KernelGen.Generator.Diagnostics;

/// <summary>All diagnostics about declarations. <c>docs/diagnostics/{id}.md</c> documents each.</summary>
internal static class Rules
{
    private const string HelpBase = "https://github.com/kernelgen/kernelgen/blob/main/docs/diagnostics/";

    public static readonly DiagnosticDescriptor NotPartial = Create("KG0001", "A class that declares kernels must be partial");
    public static readonly DiagnosticDescriptor UnsupportedClass = Create("KG0002", "Kernels cannot be added to this kind of type");
    public static readonly DiagnosticDescriptor SizeOutOfRange = Create("KG0003", "A size is out of range");
    public static readonly DiagnosticDescriptor TopKAboveExperts = Create("KG0004", "TopK exceeds Experts");
    public static readonly DiagnosticDescriptor GroupsDoNotDivide = Create("KG0005", "Groups does not divide Experts");
    public static readonly DiagnosticDescriptor TopKGroups = Create("KG0006", "TopKGroups is inconsistent with Groups and TopK");
    public static readonly DiagnosticDescriptor UnsupportedType = Create("KG0007", "No kernel has this number type");
    public static readonly DiagnosticDescriptor Ambiguous = Create("KG0008", "Two declarations of a class have the same dispatch key");
    public static readonly DiagnosticDescriptor UnsafeNotAllowed = Create("KG0009", "Kernels need unsafe code");
    public static readonly DiagnosticDescriptor SplitK = Create("KG0010", "SplitK is not a list of valid slice counts");
    public static readonly DiagnosticDescriptor UnknownValue = Create("KG0011", "A value is not a member of its enumeration");
    public static readonly DiagnosticDescriptor LanguageVersion = Create("KG0012", "Kernels need C# 12");
    public static readonly DiagnosticDescriptor RuntimeMissing = Create("KG0013", "Kernels need KernelGen.Runtime");
    public static readonly DiagnosticDescriptor NameTaken = Create("KG0014", "The class has the name of a generated method");
    public static readonly DiagnosticDescriptor ActivationLimit = Create("KG0015", "ActivationLimit is not valid for the activation");
    public static readonly DiagnosticDescriptor HashTable = Create("KG0016", "A gate with a hash table does not select experts");
    public static readonly DiagnosticDescriptor NoKernel = Create("KG0017", "A declared kernel could not be generated");
    public static readonly DiagnosticDescriptor NoTemplate = Create("KG0018", "SpecializedFrom does not name a kernel template");
    public static readonly DiagnosticDescriptor TemplateProblem = Create("KG0019", "A kernel template cannot be specialised with these values");

    /// <summary>All rules.</summary>
    public static ImmutableArray<DiagnosticDescriptor> All { get; } = ImmutableArray.Create(
        NotPartial, UnsupportedClass, SizeOutOfRange, TopKAboveExperts, GroupsDoNotDivide, TopKGroups, UnsupportedType,
        Ambiguous, UnsafeNotAllowed, SplitK, UnknownValue, LanguageVersion, RuntimeMissing, NameTaken, ActivationLimit, HashTable, NoKernel, NoTemplate, TemplateProblem);

    /// <summary>The rule of a spec's problem.</summary>
    public static DiagnosticDescriptor OfProblem(string id) => All.Single(rule => rule.Id == id);

    /// <summary>Creates a rule with its help page.</summary>
    public static DiagnosticDescriptor Create(string id, string title, DiagnosticSeverity severity = DiagnosticSeverity.Error, params string[] tags) =>
        new(id, title, "{0}", "KernelGen", severity, isEnabledByDefault: true, helpLinkUri: $"{HelpBase}{id}.md", customTags: tags);
}
