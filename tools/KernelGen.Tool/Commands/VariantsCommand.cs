using System.CommandLine;

namespace KernelGen.Tool;

/// <summary><c>kernelgen variants</c>: lists the kernels that an assembly declares.</summary>
internal static class VariantsCommand
{
    public static Command Create(Terminal terminal)
    {
        var assembly = new Argument<string>("ASSEMBLY") { Description = "A built .NET assembly. It is read, not run." };
        var command = new Command("variants", "Lists the kernel variants that an assembly declares.") { assembly };
        command.SetWork(terminal, (parsed, _) => List(parsed.GetRequiredValue(assembly), terminal.Output));
        return command;
    }

    private static void List(string path, TextWriter output)
    {
        if (path.Length == 0 || path.Contains('\0')) throw new UsageException("ASSEMBLY is not a file name");
        var variants = DeclaredVariants.Read(path);
        if (variants.Count == 0) output.WriteLine($"{path} declares no kernels");
        foreach (var (className, spec) in variants)
        {
            output.WriteLine(spec.VariantName);
            output.WriteLine($"    {spec.Declaration} {className}");
        }
    }
}
