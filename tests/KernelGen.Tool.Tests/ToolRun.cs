namespace KernelGen.Tool.Tests;

/// <summary>What a command line gave.</summary>
internal sealed record ToolRun(int ExitCode, string Output, string Error)
{
    /// <summary>Runs the tool in this process.</summary>
    public static async Task<ToolRun> Of(params string[] args)
    {
        using StringWriter output = new(), error = new();
        var exitCode = await Cli.RunAsync(args, new Terminal(output, error), TestContext.Current.CancellationToken);
        return new ToolRun(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Requires success and silence on stderr.</summary>
    public ToolRun AssertSuccess()
    {
        Assert.Equal("", Error);
        Assert.Equal(0, ExitCode);
        return this;
    }

    /// <summary>Requires an exit code and exactly one line on stderr, which contains every part.</summary>
    public void AssertFailure(int exitCode, params string[] parts)
    {
        Assert.Equal(exitCode, ExitCode);
        Assert.StartsWith("kernelgen: ", Error);
        Assert.Equal(Error.Length - 1, Error.IndexOf('\n'));
        Assert.All(parts, part => Assert.Contains(part, Error));
    }
}
