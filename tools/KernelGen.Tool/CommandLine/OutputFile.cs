namespace KernelGen.Tool;

/// <summary>A file that a command will write.</summary>
internal static class OutputFile
{
    /// <summary>Complains before the work rather than after it.</summary>
    /// <exception cref="UsageException">No file can be written there.</exception>
    public static void Require(string option, string path)
    {
        if (Directory.Exists(path)) throw new UsageException($"{option} {path} is a directory; expected a file name");
        var directory = Path.GetDirectoryName(Path.GetFullPath(path));
        if (!Directory.Exists(directory)) throw new UsageException($"{option} {path}: there is no directory {directory}");
    }
}
