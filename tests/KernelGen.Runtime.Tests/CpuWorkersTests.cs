using KernelGen.Cpu;

namespace KernelGen.Tests;

public sealed unsafe class CpuWorkersTests
{
    private static CancellationTokenSource? _cancellation;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public void EveryItemRunsOnce(int items)
    {
        var counts = new int[Math.Max(1, items)];
        fixed (int* pointer = counts) CpuWorkers.Run(pointer, items, &Count);
        Assert.All(counts.Take(items), count => Assert.Equal(1, count));
    }

    [Fact]
    public void ManyShortCallsFromManyThreads()
    {
        Parallel.For(0, 8, _ =>
        {
            var counts = new int[7];
            fixed (int* pointer = counts)
            {
                for (var call = 0; call < 5000; call++) CpuWorkers.Run(pointer, counts.Length, &Count);
            }

            Assert.All(counts, count => Assert.Equal(5000, count));
        });
    }

    [Fact]
    public void HelpersWakeAfterAPause()
    {
        var counts = new int[64];
        fixed (int* pointer = counts)
        {
            for (var call = 0; call < 5; call++)
            {
                Thread.Sleep(20);
                CpuWorkers.Run(pointer, counts.Length, &Count);
            }
        }

        Assert.All(counts, count => Assert.Equal(5, count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public void ACancelledRunLeavesItemsOutAndTheNextRunsAll(int maxThreads)
    {
        const int Items = 1000;
        var threads = CpuWorkers.MaxThreads;
        CpuWorkers.MaxThreads = maxThreads;
        try
        {
            for (var round = 0; round < 50; round++)
            {
                var counts = new int[Items];
                using var cancellation = new CancellationTokenSource();
                _cancellation = cancellation;
                var error = Record.Exception(() =>
                {
                    using var scope = new CancellationScope(cancellation.Token);
                    fixed (int* pointer = counts) CpuWorkers.Run(pointer, Items, &CountAndCancel);
                });
                Assert.Equal(cancellation.Token, Assert.IsType<OperationCanceledException>(error).CancellationToken);
                Assert.InRange(counts.Sum(), 10, Items - 1);

                Array.Clear(counts);
                fixed (int* pointer = counts) CpuWorkers.Run(pointer, Items, &Count);
                Assert.All(counts, count => Assert.Equal(1, count));
            }
        }
        finally
        {
            CpuWorkers.MaxThreads = threads;
        }
    }

    [Fact]
    public void AScopeEndsWhereItEnds()
    {
        var counts = new int[3];
        using var cancellation = new CancellationTokenSource();
        using (new CancellationScope(cancellation.Token))
        {
            cancellation.Cancel();
            using (new CancellationScope(CancellationToken.None)) Run();
            Assert.Throws<OperationCanceledException>(Run);
            Assert.Throws<OperationCanceledException>(() => { _ = new CancellationScope(cancellation.Token); });
        }

        Run();
        Assert.All(counts, count => Assert.Equal(2, count));

        void Run()
        {
            fixed (int* pointer = counts) CpuWorkers.Run(pointer, counts.Length, &Count);
        }
    }

    [Fact]
    public void AtLeastOneThreadWorks() => Assert.Throws<ArgumentOutOfRangeException>(() => CpuWorkers.MaxThreads = 0);

    private static void CountAndCancel(void* context, int item)
    {
        Count(context, item);
        if (item == 9) _cancellation!.Cancel();
        Thread.SpinWait(50); // so that a helper joins in
    }

    private static void Count(void* context, int item) => ((int*)context)[item]++;
}
