using System.Text;

namespace KernelGen.Tuning;

/// <summary>Files that appear complete or not at all.</summary>
public static class AtomicFile
{
    /// <summary>Writes a text beside the file that it replaces, then takes its place.</summary>
    /// <exception cref="TuningException">The folder cannot be written, or the disk is full; the old file is as it was.</exception>
    public static void Write(string path, string text) => Write(path, file => file.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>The same for what writes into a stream.</summary>
    /// <exception cref="TuningException">The folder cannot be written, or the disk is full; the old file is as it was.</exception>
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

    /// <summary>Complains before hours of work rather than after.</summary>
    /// <exception cref="TuningException">No file can be written there.</exception>
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

    /// <summary>Of this process: two may write the same file, one after the other.</summary>
    internal static string TemporaryPath(string path) => FormattableString.Invariant($"{path}.{Environment.ProcessId}.tmp");

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What went wrong before is what matters.
        }
    }
}
