using KernelGen.Cpu;

namespace KernelGen.Tests;

public sealed unsafe class CpuWorkersTests
{
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

    [Fact]
    public void AtLeastOneThreadWorks() => Assert.Throws<ArgumentOutOfRangeException>(() => CpuWorkers.MaxThreads = 0);

    private static void Count(void* context, int item) => ((int*)context)[item]++;
}
