using System.Reflection;

namespace KernelGen.Tests;

/// <summary>Every sample checks its own results and says by its exit code how that went.</summary>
public sealed class SampleTests
{
    [Theory]
    [InlineData("DeepSeekMoe")]
    [InlineData("ExpertParallel")]
    [InlineData("OmniMoe")]
    [InlineData("OwnTemplate")]
    [InlineData("QuantizedMoe")]
    public void FindsItsOwnResultsRight(string sample) => Assert.Equal(0, Run(sample));

    [Fact]
    public void FindsItsOwnResultsRightOnADevice()
    {
        Assert.SkipWhen(Type.GetType("ILGPU.Context, ILGPU") is null, "the package ILGPU 1.5.3 is not in the package folder; without it samples/IlgpuMoe only says so");
        Assert.Equal(0, Run("IlgpuMoe"));
    }

    [Fact]
    public void TheDevicesSampleEndsWellWithoutIlgpu()
    {
        Assert.SkipWhen(Type.GetType("ILGPU.Context, ILGPU") is not null, "this build has ILGPU");
        Assert.Null(Run("IlgpuMoe"));
    }

    private static object? Run(string sample) => Assembly.Load(sample).EntryPoint!.Invoke(null, [Array.Empty<string>()]);
}
