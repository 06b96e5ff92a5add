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

    /// <summary>Writes a text; the file appears complete or not at all.</summary>
    /// <exception cref="IOException">It cannot be written; an older file is as it was.</exception>
    public static void Write(string path, string text) => Write(path, file =>
    {
        using var writer = new StreamWriter(file, leaveOpen: true);
        writer.Write(text);
    });

    /// <summary>Writes a file that appears complete or not at all.</summary>
    /// <exception cref="IOException">It cannot be written; an older file is as it was.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = $"{path}.{Path.GetRandomFileName()}";
        try
        {
            using (var file = File.Create(temporary)) write(file);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
