using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using KernelGen.Ilgpu;

namespace KernelGen.Tests;

/// <summary>What is made once for each accelerator.</summary>
public class PerAcceleratorTests
{
    [Fact]
    public void IsMadeOnceForEach()
    {
        using var context = Context.Create(builder => builder.CPU());
        using var one = context.CreateCPUAccelerator(0);
        using var other = context.CreateCPUAccelerator(0);
        var made = new List<Accelerator>();
        var names = new PerAccelerator<object>(accelerator =>
        {
            made.Add(accelerator);
            return new object();
        });
        Parallel.For(0, 16, _ => names.Of(one));
        Assert.NotSame(names.Of(one), names.Of(other));
        Assert.Equal([one, other], made);
    }

    [Fact]
    public void IsForgottenWithItsAccelerator()
    {
        using var context = Context.Create(builder => builder.CPU());
        var count = 0;
        var counts = new PerAccelerator<object>(_ => ++count);
        var accelerator = context.CreateCPUAccelerator(0);
        Assert.Equal(1, counts.Of(accelerator));
        accelerator.Dispose();
        Assert.Equal(2, counts.Of(accelerator));
    }

    [Fact]
    public void IsTriedAgainAfterAFailure()
    {
        var accelerator = TestDevice.Get(TestDevice.Cpu).Accelerator;
        var tries = 0;
        var values = new PerAccelerator<object>(_ => ++tries == 1 ? throw new InvalidOperationException("first") : tries);
        Assert.Throws<InvalidOperationException>(() => values.Of(accelerator));
        Assert.Equal(2, values.Of(accelerator));
    }
}
