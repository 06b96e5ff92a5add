using System.Diagnostics;

namespace KernelGen.Testing;

/// <summary>Cancels calls that are being worked on.</summary>
public static class Cancelling
{
    private const int Attempts = 5;
    private static readonly TimeSpan Start = TimeSpan.FromMilliseconds(60);

    /// <summary>Requires that a call ends soon once it is cancelled. Where others keep the processors, one of a few attempts must.</summary>
    /// <exception cref="InvalidOperationException">The call came to its end, or took longer every time.</exception>
    public static void EndsWithin(TimeSpan limit, Action<CancellationToken> call)
    {
        var delays = new List<TimeSpan>();
        do
        {
            if (delays.Count == Attempts) throw new InvalidOperationException($"cancelled calls took {string.Join(", ", delays)}; expected at most {limit}");
            delays.Add(InTheMiddle(call));
        }
        while (delays[^1] > limit);
    }

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
