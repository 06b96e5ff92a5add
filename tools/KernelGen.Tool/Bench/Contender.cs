namespace KernelGen.Tool;

/// <summary>A kernel that takes part in a comparison.</summary>
/// <typeparam name="TKernel">How it is called.</typeparam>
/// <param name="Variant">Name in reports.</param>
/// <param name="Form">Name in tables.</param>
/// <param name="Kernel">The kernel.</param>
internal sealed record Contender<TKernel>(string Variant, string Form, TKernel Kernel)
    where TKernel : Delegate;

/// <summary>The forms that tables name.</summary>
internal static class Forms
{
    public const string Specialized = "specialised";
    public const string Unspecialized = "unspecialised";
    public const string PlainCSharp = "plain C#";
    public const string Scan = "n² scan";
}
