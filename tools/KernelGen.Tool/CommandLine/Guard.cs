using System.CommandLine;

namespace KernelGen.Tool;

/// <summary>Turns what goes wrong in a command into an exit code and one line. Defects of the program itself keep their stack trace.</summary>
internal static class Guard
{
    /// <summary>Gives a command its work, which ends well unless it throws. It runs aside, so that Ctrl-C is heard meanwhile.</summary>
    public static void SetWork(this Command command, Terminal terminal, Action<ParseResult, CancellationToken> work) =>
        command.SetAction((parsed, cancellation) => Task.Run(() => Run(terminal, () => work(parsed, cancellation))));

    /// <summary>Writes the one line.</summary>
    public static int Fail(Terminal terminal, int exitCode, string message)
    {
        var parts = message.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        terminal.Error.WriteLine($"kernelgen: {string.Join(" ", parts)}");
        return exitCode;
    }

    private static int Run(Terminal terminal, Action work)
    {
        try
        {
            work();
            return ExitCode.Success;
        }
        catch (CheckFailedException e)
        {
            return Fail(terminal, ExitCode.CheckFailed, e.Message);
        }
        catch (Exception e) when (e is UsageException or IOException or UnauthorizedAccessException)
        {
            return Fail(terminal, ExitCode.BadUsage, e.Message);
        }
        catch (OutOfMemoryException)
        {
            return Fail(terminal, ExitCode.BadUsage, "this machine has too little memory for these shapes");
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Cancelled;
        }
    }
}
