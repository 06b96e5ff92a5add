using System.CommandLine;

namespace KernelGen.Tool;

/// <summary>The <c>kernelgen</c> command.</summary>
internal static class Cli
{
    /// <summary>Runs one command line.</summary>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellation = default)
    {
        var root = new RootCommand("Kernels for Mixture-of-Experts layers: run a checkpoint's layer, benchmark and tune kernels, list and print variants, render measurements.");
        root.Subcommands.Add(RunCommand.Create(terminal));
        root.Subcommands.Add(BenchCommand.Create(terminal));
        root.Subcommands.Add(TuneCommand.Create(terminal));
        root.Subcommands.Add(VariantsCommand.Create(terminal));
        root.Subcommands.Add(InspectCommand.Create(terminal));
        root.Subcommands.Add(ReportCommand.Create(terminal));

        // An argument that starts with @ is a file name like any other.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0) return Guard.Fail(terminal, ExitCode.BadUsage, Problem(parsed));
        return await parsed.InvokeAsync(new InvocationConfiguration { Output = terminal.Output, Error = terminal.Error, ProcessTerminationTimeout = null }, cancellation);
    }

    private static string Problem(ParseResult parsed)
    {
        var verbs = parsed.CommandResult.Command.Subcommands.Select(command => command.Name).ToArray();
        if (verbs.Length == 0 || parsed.CommandResult.Command.Action is not null) return parsed.Errors[0].Message;
        var found = parsed.UnmatchedTokens is [var token, ..] ? $"'{token}' is not a command" : "a command is missing";
        return $"{found}; expected {string.Join(", ", verbs[..^1])} or {verbs[^1]}";
    }
}
