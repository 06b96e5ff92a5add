namespace KernelGen.Tool;

/// <summary>A file that a command is going to write.</summary>
internal static class OutputFile
{
    /// <summary>Validates the path before the work starts.</summary>
    /// <exception cref="UsageException">The file cannot be written there.</exception>
    public static void Require(string option, string path)
    {
        if (Directory.Exists(path)) throw new UsageException($"{option} {path} is a directory; expected a file name");
        var directory = Path.GetDirectoryName(Path.GetFullPath(path));
        if (!Directory.Exists(directory)) throw new UsageException($"{option} {path}: the directory {directory} does not exist");
    }
}
