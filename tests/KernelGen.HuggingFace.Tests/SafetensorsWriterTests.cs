namespace KernelGen.HuggingFace.Tests;

public class SafetensorsWriterTests
{
    private static readonly SafetensorsTensorInfo A = new("a", SafetensorsDType.UInt8, [3]);
    private static readonly SafetensorsTensorInfo B = new("b", SafetensorsDType.Float32, [2]);

    [Fact]
    public void TheSameTensorsGiveTheSameBytesInWhateverOrderTheyCome()
    {
        using var temporary = new TemporaryFolder();
        Write(temporary.Path("1"), [A, B], new() { ["x"] = "1", ["y"] = "2" }, bFirst: false);
        Write(temporary.Path("2"), [B, A], new() { ["y"] = "2", ["x"] = "1" }, bFirst: true);
        var bytes = File.ReadAllBytes(temporary.Path("1"));
        Assert.Equal(bytes, File.ReadAllBytes(temporary.Path("2")));
        var header = HeaderBytes.Parse(bytes);
        Assert.Equal(["b", "a"], header.Tensors.Select(tensor => tensor.Name)); // the wider type first, so that it is aligned
        Assert.Equal(0, header.DataStart % 8);
        Assert.Equal(["1", "2"], Directory.GetFiles(temporary.Path()).Select(Path.GetFileName).Order()); // and no temporary file
    }

    [Fact]
    public void WithoutCommitTheTargetKeepsItsContent()
    {
        using var temporary = new TemporaryFolder();
        var path = temporary.Write("model.safetensors", "old");
        using (var writer = new SafetensorsWriter(path, [A, B]))
        {
            writer.Write<byte>("a", [1, 2, 3]);
            writer.Write<float>("b", [1]);
            var error = Assert.Throws<InvalidOperationException>(writer.Commit);
            Assert.Equal("b F32 [2] still lacks 4 bytes", error.Message);
        }

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(temporary.Path()));
    }

    [Fact]
    public void CommitReplacesTheTarget()
    {
        using var temporary = new TemporaryFolder();
        var path = temporary.Write("model.safetensors", "old");
        Write(path, [A, B], [], bFirst: false);
        using var file = SafetensorsFile.Open(path);
        Assert.Equal([1f, 2f], file.Get("b").ReadSingles());
        Assert.Equal([1, 2, 3], file.Get("a").AsSpan<byte>().ToArray());
    }

    [Fact]
    public void ScalarsEmptyTensorsAndEmptyFilesAreWritten()
    {
        using var temporary = new TemporaryFolder();
        var path = temporary.Path("a.safetensors");
        using (var writer = new SafetensorsWriter(path, [new("scalar", SafetensorsDType.Int64, []), new("empty", SafetensorsDType.Int64, [5, 0])]))
        {
            writer.Write<long>("scalar", [-7]);
            writer.Commit();
        }

        using (var file = SafetensorsFile.Open(path))
        {
            Assert.Equal([-7], file.Get("scalar").ReadInt32s());
            Assert.Equal([5, 0], file.Get("empty").Shape.ToArray());
            Assert.Empty(file.Get("empty").ReadInt32s());
        }

        using (var writer = new SafetensorsWriter(path, [])) writer.Commit();
        using (var file = SafetensorsFile.Open(path)) Assert.Empty(file.Tensors);
    }

    [Fact]
    public void MisuseIsRejected()
    {
        using var temporary = new TemporaryFolder();
        Assert.Throws<ArgumentException>(() => new SafetensorsWriter(temporary.Path("a"), [A, A]));
        Assert.Throws<ArgumentException>(() => new SafetensorsTensorInfo("__metadata__", SafetensorsDType.Float32, [1]));
        Assert.Throws<ArgumentException>(() => new SafetensorsTensorInfo("x", SafetensorsDType.Unknown, [1]));
        Assert.Throws<ArgumentException>(() => new SafetensorsTensorInfo("x", SafetensorsDType.Float32, [-1]));
        Assert.Throws<ArgumentException>(() => new SafetensorsTensorInfo("x", SafetensorsDType.Float32, [long.MaxValue]));
        using var writer = new SafetensorsWriter(temporary.Path("a"), [A, B]);
        Assert.Throws<ArgumentException>(() => writer.Write<float>("c", [1]));
        Assert.Throws<ArgumentException>(() => writer.Write<int>("b", [1]));
        Assert.Throws<ArgumentException>(() => writer.Write<float>("b", [1, 2, 3]));
    }

    private static void Write(string path, SafetensorsTensorInfo[] tensors, Dictionary<string, string> metadata, bool bFirst)
    {
        using var writer = new SafetensorsWriter(path, tensors, metadata);
        if (!bFirst) writer.Write<byte>("a", [1, 2, 3]);
        writer.Write<float>("b", [1]);
        writer.Write<float>("b", [2]);
        if (bFirst) writer.Write<byte>("a", [1, 2, 3]);
        writer.Commit();
    }
}
