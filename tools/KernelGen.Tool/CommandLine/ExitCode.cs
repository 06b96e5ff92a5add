namespace KernelGen.Tool;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>A result is not what it should be.</summary>
    public const int CheckFailed = 1;

    /// <summary>The command line or a file is at fault.</summary>
    public const int BadUsage = 2;

    /// <summary>Ctrl-C, as shells count it.</summary>
    public const int Cancelled = 130;
}
