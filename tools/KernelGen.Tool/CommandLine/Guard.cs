using System.CommandLine;

namespace KernelGen.Tool;

/// <summary>Converts a command's failures to an exit code and one line. Defects of the program itself keep their stack trace.</summary>
internal static class Guard
{
    // Kernels end within milliseconds of cancellation, the compiler after the current kernel; anything slower is abandoned.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly (int ExitCode, string? Message) Cancelled = (ExitCode.Cancelled, "cancelled");

    /// <summary>Sets the work of a command, which succeeds unless it throws. It runs on another thread, so that Ctrl-C is handled meanwhile.</summary>
    public static void SetWork(this Command command, Terminal terminal, Action<ParseResult, CancellationToken> work) =>
        command.SetAction((parsed, cancellation) =>
        {
            // The calling thread waits, because all threads of the pool may be busy.
            var running = Task.Run(() => Outcome(() => work(parsed, cancellation)), CancellationToken.None);
            WaitHandle.WaitAny([((IAsyncResult)running).AsyncWaitHandle, cancellation.WaitHandle]);
            var (exitCode, message) = running.Wait(Patience, CancellationToken.None) ? running.Result : Cancelled;
            return Task.FromResult(message is null ? exitCode : Fail(terminal, exitCode, message));
        });

    /// <summary>Writes the line.</summary>
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
            return (ExitCode.BadUsage, "there is not enough memory for these shapes");
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
