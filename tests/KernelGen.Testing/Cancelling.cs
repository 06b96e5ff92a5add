using System.Diagnostics;

namespace KernelGen.Testing;

/// <summary>Cancels calls that are being worked on.</summary>
public static class Cancelling
{
    private static readonly TimeSpan Start = TimeSpan.FromMilliseconds(60);

    /// <summary>Makes a call that would take far longer than a few hundredths of a second, and cancels it meanwhile.</summary>
    /// <returns>Time from the cancellation to the exception.</returns>
    /// <exception cref="InvalidOperationException">The call came to its end.</exception>
    public static TimeSpan InTheMiddle(Action<CancellationToken> call)
    {
        using var cancellation = new CancellationTokenSource();
        var cancelled = 0L;
        var canceller = new Thread(() =>
        {
            Thread.Sleep(Start);
            Volatile.Write(ref cancelled, Stopwatch.GetTimestamp());
            cancellation.Cancel();
        });
        canceller.Start();
        try
        {
            call(cancellation.Token);
            throw new InvalidOperationException("the call ended before it was cancelled");
        }
        catch (OperationCanceledException e) when (e.CancellationToken == cancellation.Token)
        {
            return Stopwatch.GetElapsedTime(Volatile.Read(ref cancelled));
        }
        finally
        {
            canceller.Join();
        }
    }
}
