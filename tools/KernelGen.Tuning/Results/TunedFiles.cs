using KernelGen.Compiler.Tuning;

namespace KernelGen.Tuning;

/// <summary>The files that a search writes: one for both products, or one for each.</summary>
/// <param name="Path">The file for both products, or for the first.</param>
/// <param name="DownPath">The file for the second product, if both are tuned apart.</param>
public sealed record TunedFiles(string Path, string? DownPath)
{
    /// <summary>Checks what is there already.</summary>
    /// <param name="isForCpu">Whether the entries to come are for a CPU.</param>
    /// <exception cref="TuningException">A file is no tuned file, is for another kind of device, or cannot be written.</exception>
    public void Check(bool isForCpu)
    {
        foreach (var path in Paths)
        {
            if (Read(path) is { } file && file.IsForCpu != isForCpu)
                throw new TuningException($"{path}: its entries are for a {(file.IsForCpu ? "CPU" : "GPU")}, and a file is for one device; choose another --output");
            AtomicFile.RequireWritable(path);
        }
    }

    /// <summary>Adds what was found for a number of tokens, or replaces what the files had. Other entries and unknown keys stay.</summary>
    /// <exception cref="TuningException">A file is no tuned file, or cannot be written; then it is as it was.</exception>
    public void Merge(int tokens, ExpertsCandidate best)
    {
        Merge(Path, Entry(tokens, best.GateUp));
        if (DownPath is not null) Merge(DownPath, Entry(tokens, best.Down));
    }

    /// <summary>Reads a file, and the one for the second product where it lies beside it.</summary>
    /// <exception cref="TuningException">There is no such file, or one of them is no tuned file.</exception>
    public static (TuningFile File, TuningFile? Down) Load(string path)
    {
        var down = System.IO.Path.ChangeExtension(path, null) + "_down.json";
        return (Read(path) ?? throw new TuningException($"{path} does not exist"), Read(down));
    }

    /// <summary>A point as an entry of a file.</summary>
    public static TuningEntry Entry(int tokens, TuningPoint point) => new(tokens, [.. point.Values.Select(value => (value.Key, value.Value))]);

    /// <summary>The numbers of an entry that <see cref="CpuTile.ToEntry(int, int)"/> or its like made.</summary>
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
            if (length > TuningFile.MaxCharacters * 4L) throw new TuningException($"{path}: has {length} bytes; that is no tuned file");
            return TuningFile.Parse(File.ReadAllText(path), path);
        }
        catch (TuningFileException e)
        {
            throw new TuningException($"{e.Place}: {e.Message}", e);
        }
    }
}
