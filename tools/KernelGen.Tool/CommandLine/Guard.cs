using System.CommandLine;

namespace KernelGen.Tool;

/// <summary>Turns what goes wrong in a command into an exit code and one line. Defects of the program itself keep their stack trace.</summary>
internal static class Guard
{
    // Kernels end within milliseconds of a cancellation, the compiler with the kernel it is at; what takes longer is left behind.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly (int ExitCode, string? Message) Cancelled = (ExitCode.Cancelled, "cancelled");

    /// <summary>Gives a command its work, which ends well unless it throws. It runs aside, so that Ctrl-C is heard meanwhile.</summary>
    public static void SetWork(this Command command, Terminal terminal, Action<ParseResult, CancellationToken> work) =>
        command.SetAction((parsed, cancellation) =>
        {
            // The caller's thread waits: those of the pool may all be busy.
            var running = Task.Run(() => Outcome(() => work(parsed, cancellation)), CancellationToken.None);
            WaitHandle.WaitAny([((IAsyncResult)running).AsyncWaitHandle, cancellation.WaitHandle]);
            var (exitCode, message) = running.Wait(Patience, CancellationToken.None) ? running.Result : Cancelled;
            return Task.FromResult(message is null ? exitCode : Fail(terminal, exitCode, message));
        });

    /// <summary>Writes the one line.</summary>
    public static int Fail(Terminal terminal, int exitCode, string message)
    {
        var parts = message.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        terminal.Error.WriteLine($"kernelgen: {string.Join(" ", parts)}");
        return exitCode;
    }

    private static (int ExitCode, string? Message) Outcome(Action work)
    {
        try
        {
            work();
            return (ExitCode.Success, null);
        }
        catch (CheckFailedException e)
        {
            return (ExitCode.CheckFailed, e.Message);
        }
        catch (Exception e) when (e is UsageException or IOException or UnauthorizedAccessException)
        {
            return (ExitCode.BadUsage, e.Message);
        }
        catch (Exception e) when (KernelDevices.Explain(e) is { } explanation)
        {
            return (ExitCode.BadUsage, explanation);
        }
        catch (OutOfMemoryException)
        {
            return (ExitCode.BadUsage, "this machine has too little memory for these shapes");
        }
        catch (CancelledException e)
        {
            return (ExitCode.Cancelled, e.Message);
        }
        catch (OperationCanceledException)
        {
            return Cancelled;
        }
    }
}
