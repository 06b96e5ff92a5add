using System.Text;

namespace KernelGen.Tuning;

/// <summary>Writes files atomically.</summary>
public static class AtomicFile
{
    /// <summary>Writes text to a temporary file next to the target, then renames it.</summary>
    /// <exception cref="TuningException">The folder is not writable, or the disk is full; the old file is unchanged.</exception>
    public static void Write(string path, string text) => Write(path, file => file.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>The same for a writer of a stream.</summary>
    /// <exception cref="TuningException">The folder is not writable, or the disk is full; the old file is unchanged.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var temporary = TemporaryPath(path);
        try
        {
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw new TuningException($"{path} cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Checks that a file can be written, before hours of work rather than after.</summary>
    /// <exception cref="TuningException">The file cannot be written there.</exception>
    public static void RequireWritable(string path)
    {
        var temporary = TemporaryPath(path);
        try
        {
            File.Create(temporary).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TuningException($"{path} cannot be written: {e.Message}", e);
        }

        TryDelete(temporary);
    }

    /// <summary>Unique to this process: two processes may write the same file, one after the other.</summary>
    internal static string TemporaryPath(string path) => FormattableString.Invariant($"{path}.{Environment.ProcessId}.tmp");

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The original failure takes precedence.
        }
    }
}
