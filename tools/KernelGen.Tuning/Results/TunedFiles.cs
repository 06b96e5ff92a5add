using KernelGen.Compiler.Tuning;

namespace KernelGen.Tuning;

/// <summary>The files that a search writes: one for both GEMMs, or one for each.</summary>
/// <param name="Path">The file for both GEMMs, or for the first.</param>
/// <param name="DownPath">The file for the second GEMM, if the two are tuned separately.</param>
public sealed record TunedFiles(string Path, string? DownPath)
{
    /// <summary>Validates existing files.</summary>
    /// <param name="isForCpu">Whether the new entries are for a CPU.</param>
    /// <exception cref="TuningException">A file is not a tuning file, is for another kind of device, or cannot be written.</exception>
    public void Check(bool isForCpu)
    {
        foreach (var path in Paths)
        {
            if (Read(path) is { } file && file.IsForCpu != isForCpu)
                throw new TuningException($"{path}: its entries are for a {(file.IsForCpu ? "CPU" : "GPU")}, and a file is for one device; choose another --output");
            AtomicFile.RequireWritable(path);
        }
    }

    /// <summary>Adds or replaces the entries of a token count. Other entries and unknown keys are preserved.</summary>
    /// <exception cref="TuningException">A file is not a tuning file, or cannot be written; it is then unchanged.</exception>
    public void Merge(int tokens, ExpertsCandidate best)
    {
        Merge(Path, Entry(tokens, best.GateUp));
        if (DownPath is not null) Merge(DownPath, Entry(tokens, best.Down));
    }

    /// <summary>Reads a file, and the one for the second GEMM if it is next to it.</summary>
    /// <exception cref="TuningException">The file does not exist, or one of them is not a tuning file.</exception>
    public static (TuningFile File, TuningFile? Down) Load(string path)
    {
        var down = System.IO.Path.ChangeExtension(path, null) + "_down.json";
        return (Read(path) ?? throw new TuningException($"{path} does not exist"), Read(down));
    }

    /// <summary>Converts a point to an entry of a file.</summary>
    public static TuningEntry Entry(int tokens, TuningPoint point) => new(tokens, [.. point.Values.Select(value => (value.Key, value.Value))]);

    /// <summary>Converts an entry, such as <see cref="CpuTile.ToEntry(int, int)"/> creates, to a point.</summary>
    internal static TuningPoint Point(TuningEntry entry) =>
        new(AllKeys.Where(key => entry[key] is not null).Select(key => KeyValuePair.Create(key, entry[key]!.Value)));

    private static readonly string[] AllKeys =
    [
        TuningKeys.BlockM, TuningKeys.BlockN, TuningKeys.BlockK, TuningKeys.GroupM, TuningKeys.SplitK, TuningKeys.Warps, TuningKeys.Stages,
        TuningKeys.VectorBits, TuningKeys.TileN, TuningKeys.RowM,
    ];

    private IEnumerable<string> Paths => DownPath is null ? [Path] : [Path, DownPath];

    private static void Merge(string path, TuningEntry entry) => AtomicFile.Write(path, (Read(path) ?? TuningFile.Empty).With([entry]).ToString());

    private static TuningFile? Read(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            var length = new FileInfo(path).Length;
            if (length > TuningFile.MaxCharacters * 4L) throw new TuningException($"{path}: has {length} bytes; it is not a tuning file");
            return TuningFile.Parse(File.ReadAllText(path), path);
        }
        catch (TuningFileException e)
        {
            throw new TuningException($"{e.Place}: {e.Message}", e);
        }
    }
}
