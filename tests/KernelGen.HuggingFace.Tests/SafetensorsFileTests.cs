using System.Text;
using KernelGen.Testing;

namespace KernelGen.HuggingFace.Tests;

public class SafetensorsFileTests
{
    public static TheoryData<string> GoldenFolders => [.. Directory.GetDirectories(GoldenFiles.Root).Select(path => Path.GetFileName(path)!).Order()];

    [Theory]
    [MemberData(nameof(GoldenFolders))]
    public void GoldenFilesSurviveTheRoundTrip(string folder)
    {
        using var temporary = new TemporaryFolder();
        foreach (var path in Directory.GetFiles(GoldenFiles.Path(folder), "*.safetensors"))
        {
            using var original = SafetensorsFile.Open(path);
            Assert.NotEmpty(original.Tensors);
            var copyPath = temporary.Path(Path.GetFileName(path));
            using (var writer = new SafetensorsWriter(copyPath, original.Tensors.Select(tensor => tensor.Info), original.Metadata))
            {
                foreach (var tensor in original.Tensors) writer.Write(tensor.Name, tensor.AsSpan<byte>());
                writer.Commit();
            }

            using var copy = SafetensorsFile.Open(copyPath);
            Assert.Equal(original.Metadata, copy.Metadata);
            Assert.Equal(original.Tensors.Select(tensor => tensor.ToString()).Order(), copy.Tensors.Select(tensor => tensor.ToString()).Order());
            foreach (var tensor in original.Tensors) Assert.True(tensor.AsSpan<byte>().SequenceEqual(copy.Get(tensor.Name).AsSpan<byte>()), tensor.Name);
        }
    }

    [Fact]
    public void FloatingTypesBecomeSingles()
    {
        using var temporary = new TemporaryFolder();
        var path = temporary.Path("a.safetensors");
        float[] values = [0f, -1.5f, 65504f, 0.0001220703125f, float.NegativeInfinity, float.NaN];
        using (var writer = new SafetensorsWriter(path,
        [
            new("f32", SafetensorsDType.Float32, [2, 3]), new("f16", SafetensorsDType.Float16, [6]),
            new("bf16", SafetensorsDType.BFloat16, [6]), new("f64", SafetensorsDType.Float64, [6]), new("i8", SafetensorsDType.Int8, [6]),
        ]))
        {
            writer.Write<float>("f32", values);
            writer.Write<Half>("f16", Array.ConvertAll(values, value => (Half)value));
            writer.Write<BFloat16>("bf16", Array.ConvertAll(values, value => (BFloat16)value));
            writer.Write<double>("f64", Array.ConvertAll(values, value => (double)value));
            writer.Write<sbyte>("i8", [1, 2, 3, 4, 5, 6]);
            writer.Commit();
        }

        using var file = SafetensorsFile.Open(path);
        Assert.Equal(values, file.Get("f32").ReadSingles());
        Assert.Equal(values, file.Get("f16").ReadSingles());
        Assert.Equal(values, file.Get("f64").ReadSingles());
        Assert.Equal(Array.ConvertAll(values, value => (float)(BFloat16)value), file.Get("bf16").ReadSingles());
        Fails("tensor 'i8' is I8; expected F32, F16, BF16 or F64", () => file.Get("i8").ReadSingles());
        Fails("tensor 'f16' is F16, which cannot be read as BFloat16", () => file.Get("f16").AsSpan<BFloat16>());
    }

    [Fact]
    public void IntegersBecomeInt32sIfTheyFit()
    {
        using var temporary = new TemporaryFolder();
        var path = temporary.Path("a.safetensors");
        using (var writer = new SafetensorsWriter(path,
        [
            new("i32", SafetensorsDType.Int32, [2]), new("i64", SafetensorsDType.Int64, [2]), new("long", SafetensorsDType.Int64, [2]),
            new("u8", SafetensorsDType.UInt8, [1]),
        ]))
        {
            writer.Write<int>("i32", [int.MinValue, int.MaxValue]);
            writer.Write<long>("i64", [int.MinValue, int.MaxValue]);
            writer.Write<long>("long", [0, int.MaxValue + 1L]);
            writer.Write<byte>("u8", [1]);
            writer.Commit();
        }

        using var file = SafetensorsFile.Open(path);
        Assert.Equal([int.MinValue, int.MaxValue], file.Get("i32").ReadInt32s());
        Assert.Equal([int.MinValue, int.MaxValue], file.Get("i64").ReadInt32s());
        Fails("tensor 'long' has 2147483648 at index 1", () => file.Get("long").ReadInt32s());
        Fails("tensor 'u8' is U8; expected I32 or I64", () => file.Get("u8").ReadInt32s());
    }

    [Fact]
    public void AFileWithAnUnknownTypeOpensAndOnlyThatTensorCannotBeRead()
    {
        using var temporary = new TemporaryFolder();
        var path = temporary.Path("a.safetensors");
        File.WriteAllBytes(path, HeaderBytes.File(
            """{"known":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"new":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[4,7]}}""", 7));
        using var file = SafetensorsFile.Open(path);
        Assert.Equal([0f], file.Get("known").ReadSingles());
        Assert.Equal(3, file.Get("new").AsSpan<byte>().Length);
        Fails("tensor 'new' is F6_E2M3", () => file.Get("new").ReadSingles());
        Fails("tensor 'new' is F6_E2M3", () => file.Get("new").AsSpan<float>());
    }

    [Fact]
    public void AMissingTensorIsReportedWithTheNearestNames()
    {
        using var file = SafetensorsFile.Open(GoldenFiles.Path("mixtral-a", "model.safetensors"));
        var error = Fails("has no tensor 'model.layers.0.mlp.gate.weight'", () => file.Get("model.layers.0.mlp.gate.weight"));
        Assert.Contains("'model.layers.0.block_sparse_moe.gate.weight'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EmptyAndCutOffFilesAreRejectedAndLetGo()
    {
        using var temporary = new TemporaryFolder();
        var whole = File.ReadAllBytes(GoldenFiles.Path("jamba-a", "expected.safetensors"));
        foreach (var length in new[] { 0, 7, 8, 100, whole.Length - 1 })
        {
            var path = temporary.Path($"{length}.safetensors");
            File.WriteAllBytes(path, whole[..length]);
            Fails(path, () => SafetensorsFile.Open(path));
            File.WriteAllBytes(path, whole); // not possible on Windows while mapped
        }
    }

    [Fact]
    public void AfterDisposeNothingCanBeRead()
    {
        var file = SafetensorsFile.Open(GoldenFiles.Path("jamba-a", "expected.safetensors"));
        var tensor = file.Get("output");
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.Address);
        Assert.Throws<ObjectDisposedException>(() => tensor.ReadSingles());
    }

    [Fact]
    public unsafe void TensorsBeyondTwoToTheThirtyOneElementsAreReadByAddress()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows fills a file with zeros on disk up to the last byte written");
        const long Elements = 2_200_000_000;
        using var temporary = new TemporaryFolder();
        var path = temporary.Path("sparse.safetensors");
        var head = HeaderBytes.File(
            $$$"""{"big":{"dtype":"F32","shape":[22,100000000],"data_offsets":[0,{{{4 * Elements}}}]},"last":{"dtype":"I32","shape":[3],"data_offsets":[{{{4 * Elements}}},{{{(4 * Elements) + 12}}}]}}""");
        using (var handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
        {
            try
            {
                RandomAccess.SetLength(handle, head.Length + (4 * Elements) + 12);
            }
            catch (IOException e)
            {
                Assert.Skip($"no sparse file of 9 GB here: {e.Message}");
            }

            RandomAccess.Write(handle, head, 0);
            RandomAccess.Write(handle, BitConverter.GetBytes(1.5f), head.Length + (4 * (Elements - 1)));
            RandomAccess.Write(handle, BitConverter.GetBytes(42), head.Length + (4 * Elements) + 8);
        }

        using var file = SafetensorsFile.Open(path);
        var big = file.Get("big");
        Assert.Equal(Elements, big.Info.ElementCount);
        Assert.Equal(1.5f, ((float*)big.Address)[Elements - 1]);
        Assert.Equal([0, 0, 42], file.Get("last").ReadInt32s());
        Fails("has 2200000000 elements", () => big.AsSpan<float>());
        Fails("has 8800000000 elements", () => big.AsSpan<byte>());
        Fails("has 2200000000 elements", () => big.ReadSingles());
    }

    internal static SafetensorsException Fails(string problem, Action action)
    {
        var error = Assert.Throws<SafetensorsException>(action);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        return error;
    }

    private static SafetensorsException Fails(string problem, Func<object?> function) => Fails(problem, () => { function(); });
}
