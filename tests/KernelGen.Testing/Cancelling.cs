using System.Diagnostics;

namespace KernelGen.Testing;

/// <summary>Cancels calls that are being worked on.</summary>
public static class Cancelling
{
    private const int Attempts = 5;
    private const int PoisonStep = 997;
    private static readonly TimeSpan Start = TimeSpan.FromMilliseconds(60);

    /// <summary>Requires that a call ends soon once it is cancelled and leaves the rest of its work undone. Where others keep the processors, one of a few attempts must.</summary>
    /// <param name="limit">Most time from the cancellation to the exception.</param>
    /// <param name="output">What the call computes; poisoned here and there before it.</param>
    /// <param name="poison">What it never computes; equal to itself by <see cref="object.Equals(object)"/>.</param>
    /// <param name="call">Takes longer than a few hundredths of a second; is repeated until it is cancelled.</param>
    /// <exception cref="InvalidOperationException">The calls came to their end all the same, or took longer, every time.</exception>
    public static void EndsWithin<T>(TimeSpan limit, T[] output, T poison, Action<CancellationToken> call)
        where T : unmanaged
    {
        var delays = new List<string>();
        while (delays.Count < Attempts)
        {
            var delay = InTheMiddle(output, poison, call);
            if (delay <= limit) return;
            delays.Add(delay is { } late ? $"{late}" : "all of their work");
        }

        throw new InvalidOperationException($"cancelled calls took {string.Join(", ", delays)}; expected at most {limit}");
    }

    /// <summary>Time from the cancellation to the exception; null where all was computed all the same.</summary>
    private static TimeSpan? InTheMiddle<T>(T[] output, T poison, Action<CancellationToken> call)
        where T : unmanaged
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
            while (!cancellation.IsCancellationRequested)
            {
                for (var i = 0; i < output.Length; i += PoisonStep) output[i] = poison;
                call(cancellation.Token);
            }

            return null;
        }
        catch (OperationCanceledException e) when (e.CancellationToken == cancellation.Token)
        {
            var delay = Stopwatch.GetElapsedTime(Volatile.Read(ref cancelled));
            return IsPoisoned(output, poison) ? delay : null;
        }
        finally
        {
            canceller.Join();
        }
    }

    private static bool IsPoisoned<T>(T[] output, T poison)
        where T : unmanaged
    {
        for (var i = 0; i < output.Length; i += PoisonStep)
            if (output[i].Equals(poison)) return true;
        return false;
    }
}
