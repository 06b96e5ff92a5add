using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Dispatch;

/// <summary>The members that one family adds to one class, as data for the dispatcher pages.</summary>
/// <param name="MissingMethod">The name of the method that makes the exception for shapes that were not declared.</param>
/// <param name="Axes">What tells the class's variants apart, in the order of <c>Select</c>'s parameters.</param>
/// <param name="EntryPoints">The methods that run a variant.</param>
internal sealed record Dispatcher(string MissingMethod, IReadOnlyList<DispatchAxis> Axes, IReadOnlyList<EntryPoint> EntryPoints)
{
    /// <summary>Further parameters of <c>Select</c>, which choose among variants of one dispatch key.</summary>
    public IReadOnlyList<EntryParameter> Choice { get; init; } = [];

    /// <summary>What a missing declaration says besides its axes, as a C# expression, and the parameter that it takes; null for nothing.</summary>
    public (EntryParameter Parameter, string Text)? MissingChoice { get; init; }

    /// <summary>The cases of the variants of one dispatch key.</summary>
    public Func<DispatchSite, IReadOnlyList<IKernelSpec>, IReadOnlyList<DispatchCase>> Cases { get; init; } = (_, specs) => [.. specs.Select(DispatchCase.Of)];

    /// <summary>What a variant's kernel takes besides, as C#; every part starts with a comma.</summary>
    public Func<IKernelSpec, string> RunArguments { get; init; } = _ => "";
}

/// <summary>Where a choice among variants stands.</summary>
internal enum DispatchSite
{
    /// <summary>In an entry point on the CPU.</summary>
    Cpu,

    /// <summary>In <c>Select</c>.</summary>
    Select,

    /// <summary>In an entry point for ILGPU's devices.</summary>
    Ilgpu,
}
