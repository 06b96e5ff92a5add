using System.Runtime.InteropServices;

namespace KernelGen.Cpu;

/// <summary>
/// Runs a range of work items on all cores. The calling thread takes part. Helper threads spin briefly for the next call
/// before they sleep, because the phases of a layer follow each other within microseconds. Calls allocate nothing.
/// Each thread processes consecutive items in ascending order, so that it reads memory as one stream. A thread that has finished
/// its share steals items from the end of the others.
/// </summary>
/// <remarks>
/// One call at a time is distributed. If a second thread calls meanwhile, it runs its items itself, so concurrent
/// callers never wait for each other.
/// </remarks>
public static unsafe class CpuWorkers
{
    private const int SpinsBeforeSleep = 2000;
    private const int CacheLine = 128; // two lines: processors fetch them in pairs

    private static readonly object Sleep = new();
    private static readonly Lazy<int> Helpers = new(StartHelpers);
    private static int _maxThreads = Environment.ProcessorCount;
    private static int _occupied;
    private static int _sleepers;
    private static Job _job;
    private static CancellationToken _cancellation;
    private static long* _shares; // one cache line per thread: its next item in the low half, the end of its share in the high half

    /// <summary>Maximum number of threads per call, including the caller. Results do not depend on it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public static int MaxThreads
    {
        get => _maxThreads;
        set => _maxThreads = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "at least one thread is required");
    }

    /// <summary>
    /// Calls <paramref name="body"/>(<paramref name="context"/>, item) for every item 0 … <paramref name="items"/> − 1, in
    /// unspecified order, and returns when all are done. The body must not throw. A <see cref="CancellationScope"/> can end the call between items.
    /// </summary>
    /// <param name="context">Passed to every call.</param>
    /// <param name="items">Number of items; 0 does nothing.</param>
    /// <param name="body">Processes one item.</param>
    /// <exception cref="OperationCanceledException">The thread's <see cref="CancellationScope"/> was cancelled. No item is being processed any more.</exception>
    public static void Run(void* context, int items, delegate*<void*, int, void> body)
    {
        var cancellation = CancellationScope.Current;
        if (items < 2 || _maxThreads == 1 || Helpers.Value == 0 || Interlocked.Exchange(ref _occupied, 1) != 0)
        {
            for (var item = 0; item < items; item++)
            {
                cancellation.ThrowIfCancellationRequested();
                body(context, item);
            }

            return;
        }

        _job.Context = context;
        _job.Body = body;
        _job.Threads = Math.Min(_maxThreads, Helpers.Value + 1);
        for (var thread = 0; thread < _job.Threads; thread++)
            *Share(thread) = ((long)items * (thread + 1) / _job.Threads << 32) | ((long)items * thread / _job.Threads);
        _cancellation = cancellation;
        var generation = Math.Max(1, unchecked(Volatile.Read(ref _job.Generation) + 1)); // 0 means closed
        Volatile.Write(ref _job.Open, generation);
        Interlocked.Exchange(ref _job.Generation, generation);
        if (Volatile.Read(ref _sleepers) > 0) WakeHelpers();

        WorkThrough(0);

        // Helpers that arrive now find the job closed; those inside finish the items they have taken.
        Interlocked.Exchange(ref _job.Open, 0);
        var spinner = default(SpinWait);
        while (Volatile.Read(ref _job.Inside) != 0) spinner.SpinOnce(sleep1Threshold: -1);
        _cancellation = default;
        Volatile.Write(ref _occupied, 0);
        cancellation.ThrowIfCancellationRequested();
    }

    private static void WorkThrough(int thread)
    {
        var cancellation = _cancellation;
        while (!cancellation.IsCancellationRequested && Take(Share(thread), last: false, out var item)) _job.Body(_job.Context, item);
        for (var other = 1; other < _job.Threads; other++)
        {
            while (!cancellation.IsCancellationRequested && Take(Share((thread + other) % _job.Threads), last: true, out var item)) _job.Body(_job.Context, item);
        }
    }

    private static bool Take(long* share, bool last, out int item)
    {
        while (true)
        {
            var left = Volatile.Read(ref *share);
            var (next, end) = ((int)left, (int)(left >> 32));
            item = last ? end - 1 : next;
            if (next >= end) return false;
            if (Interlocked.CompareExchange(ref *share, last ? left - (1L << 32) : left + 1, left) == left) return true;
        }
    }

    private static long* Share(int thread) => _shares + (thread * (CacheLine / sizeof(long)));

    private static int StartHelpers()
    {
        var count = Environment.ProcessorCount - 1;
        _shares = (long*)NativeMemory.AlignedAlloc((nuint)(count + 1) * CacheLine, CacheLine);
        for (var i = 1; i <= count; i++)
        {
            var number = i;
            new Thread(() => Help(number)) { IsBackground = true, Name = $"KernelGen {number}" }.Start();
        }

        return count;
    }

    private static void Help(int number)
    {
        var seen = 0;
        while (true)
        {
            seen = AwaitGeneration(seen);
            Interlocked.Increment(ref _job.Inside);
            if (Volatile.Read(ref _job.Open) == seen && number < _job.Threads) WorkThrough(number);
            Interlocked.Decrement(ref _job.Inside);
        }
    }

    private static int AwaitGeneration(int seen)
    {
        for (var spin = 0; spin < SpinsBeforeSleep; spin++)
        {
            var generation = Volatile.Read(ref _job.Generation);
            if (generation != seen) return generation;
            Thread.SpinWait(8);
        }

        lock (Sleep)
        {
            // Full fence: either this thread sees the new generation, or the caller sees a sleeper.
            Interlocked.Increment(ref _sleepers);
            while (Volatile.Read(ref _job.Generation) == seen) Monitor.Wait(Sleep);
            Interlocked.Decrement(ref _sleepers);
        }

        return Volatile.Read(ref _job.Generation);
    }

    private static void WakeHelpers()
    {
        lock (Sleep) Monitor.PulseAll(Sleep);
    }

    /// <summary>The current call. Each contended field has its own cache line.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 384)]
    private struct Job
    {
        [FieldOffset(64)] public int Generation;
        [FieldOffset(128)] public int Open;
        [FieldOffset(192)] public int Inside;
        [FieldOffset(256)] public void* Context;
        [FieldOffset(264)] public delegate*<void*, int, void> Body;
        [FieldOffset(272)] public int Threads;
    }
}
