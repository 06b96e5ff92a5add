using System.Reflection;

namespace KernelGen.Tests;

/// <summary>Every sample checks its own results and says by its exit code how that went.</summary>
public sealed class SampleTests
{
    [Theory]
    [InlineData("DeepSeekMoe")]
    [InlineData("ExpertParallel")]
    [InlineData("IlgpuMoe")]
    [InlineData("OmniMoe")]
    [InlineData("OwnTemplate")]
    [InlineData("QuantizedMoe")]
    public void FindsItsOwnResultsRight(string sample) => Assert.Equal(0, Run(sample));

    private static object? Run(string sample) => Assembly.Load(sample).EntryPoint!.Invoke(null, [Array.Empty<string>()]);
}
