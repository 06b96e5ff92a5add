namespace KernelGen.Tool;

/// <summary>The exit codes of the process.</summary>
internal static class ExitCode
{
    /// <summary>Success.</summary>
    public const int Success = 0;

    /// <summary>A check failed.</summary>
    public const int CheckFailed = 1;

    /// <summary>Invalid command line or input file.</summary>
    public const int BadUsage = 2;

    /// <summary>Ctrl-C, by the convention of shells.</summary>
    public const int Cancelled = 130;
}
