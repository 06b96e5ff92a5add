using System.Buffers.Binary;

namespace KernelGen.HuggingFace.Tests;

public class SafetensorsHeaderTests
{
    [Fact]
    public void TensorsComeInTheOrderOfTheirData()
    {
        var header = HeaderBytes.Parse(HeaderBytes.File(
            """
            {"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},
             "__metadata__":{"format":"pt","note":"ä"},
             "a":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}}
            """, 16));
        Assert.Equal(["a", "b"], header.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(SafetensorsDType.BFloat16, header.Tensors[1].DType);
        Assert.Equal([2, 3], header.Tensors[1].Shape.ToArray());
        Assert.Equal((4L, 12L, 6L), (header.Tensors[1].DataOffset, header.Tensors[1].ByteLength, header.Tensors[1].ElementCount));
        Assert.Equal("ä", header.Metadata["note"]);
    }

    [Theory]
    [InlineData("F64", 8)]
    [InlineData("F32", 4)]
    [InlineData("F16", 2)]
    [InlineData("BF16", 2)]
    [InlineData("F8_E4M3", 1)]
    [InlineData("F8_E5M2", 1)]
    [InlineData("I64", 8)]
    [InlineData("I32", 4)]
    [InlineData("I16", 2)]
    [InlineData("I8", 1)]
    [InlineData("U64", 8)]
    [InlineData("U32", 4)]
    [InlineData("U16", 2)]
    [InlineData("U8", 1)]
    [InlineData("BOOL", 1)]
    public void EveryElementTypeHasItsSize(string dtype, int bytes)
    {
        var right = HeaderBytes.Parse(HeaderBytes.File($$$"""{"t":{"dtype":"{{{dtype}}}","shape":[3],"data_offsets":[0,{{{3 * bytes}}}]}}""", 3 * bytes));
        Assert.NotEqual(SafetensorsDType.Unknown, right.Tensors[0].DType);
        Assert.Equal(dtype, right.Tensors[0].DTypeName);
        Rejects($$$"""{"t":{"dtype":"{{{dtype}}}","shape":[3],"data_offsets":[0,{{{(3 * bytes) + 1}}}]}}""", (3 * bytes) + 1, $"takes {3 * bytes} bytes");
    }

    [Theory]
    [InlineData("{}", 0)]
    [InlineData("{}   ", 0)] // writers pad with blanks
    [InlineData("""{"__metadata__":{}}""", 0)]
    [InlineData("""{"scalar":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"empty":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""", 0)]
    [InlineData("""{"z":{"dtype":"F32","shape":[9223372036854775807,2,0],"data_offsets":[4,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4)]
    [InlineData("""{"new":{"dtype":"F6_E3M2","shape":[4],"data_offsets":[0,3]},"a":{"dtype":"U8","shape":[],"data_offsets":[3,4]}}""", 4)]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"extra":{"any":[1,{}]}}}""", 1)]
    [InlineData("""{"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1)]
    public void UnusualButLegalFilesAreRead(string json, int dataBytes) => HeaderBytes.Parse(HeaderBytes.File(json, dataBytes));

    [Theory]
    [InlineData("", 0, "must begin with '{'")]
    [InlineData("[]", 0, "must begin with '{'")]
    [InlineData(" {}", 0, "must begin with '{'")]
    [InlineData("{", 0, "not valid JSON")]
    [InlineData("{}x", 0, "not valid JSON")]
    [InlineData("{} {}", 0, "not valid JSON")]
    [InlineData("""{"t":1}""", 0, "tensor 't' has Number where StartObject was expected")]
    [InlineData("""{"t":{}}""", 0, "tensor 't' has no 'dtype'")]
    [InlineData("""{"t":{"dtype":"U8","data_offsets":[0,0]}}""", 0, "tensor 't' has no 'shape'")]
    [InlineData("""{"t":{"dtype":"U8","shape":[0]}}""", 0, "tensor 't' has no 'data_offsets'")]
    [InlineData("""{"t":{"dtype":8,"shape":[1],"data_offsets":[0,1]}}""", 1, "tensor 't' has Number where String was expected")]
    [InlineData("""{"t":{"dtype":null,"shape":[1],"data_offsets":[0,1]}}""", 1, "tensor 't' has Null where String was expected")]
    [InlineData("""{"t":{"dtype":"U8","shape":1,"data_offsets":[0,1]}}""", 1, "tensor 't' has Number where StartArray was expected")]
    [InlineData("""{"t":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}}""", 1, "has a value in its shape that is not an integer")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}""", 1, "has a value in its shape that is not an integer")]
    [InlineData("""{"t":{"dtype":"U8","shape":["1"],"data_offsets":[0,1]}}""", 1, "has a value in its shape that is not an integer")]
    [InlineData("""{"t":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}}""", 1, "has a value in its shape that is not an integer")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1e0]}}""", 1, "has a value in its data_offsets that is not an integer")]
    [InlineData("""{"t":{"dtype":"U8","shape":[-1,-1],"data_offsets":[0,1]}}""", 1, "has the shape [-1, -1]")]
    [InlineData("""{"t":{"dtype":"U8","shape":[-1,0],"data_offsets":[0,0]}}""", 0, "has the shape [-1, 0]")]
    [InlineData("""{"t":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "product below 2^63")] // 2^64 wraps to 0
    [InlineData("""{"t":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}""", 0, "takes 18446744073709551616 bytes")] // so does 8 times 2^61
    [InlineData("""{"t":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}""", 1, "takes 2 bytes, but its data_offsets [0, 1] span 1")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"data_offsets":[0]}}""", 1, "has 1 data_offsets")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}""", 1, "has more than 2 numbers in its data_offsets")]
    [InlineData("""{"t":{"dtype":"","shape":[1],"data_offsets":[0,1]}}""", 1, "has the dtype ''")]
    [InlineData("""{"t":{"dtype":"F 6","shape":[1],"data_offsets":[0,1]}}""", 1, "has the dtype 'F 6'")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}""", 1, "data_offsets [1, 0]; expected 0 <= begin <= end")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}""", 1, "data_offsets [-1, 0]; expected 0 <= begin <= end")]
    [InlineData("""{"t":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 1, "is at bytes 0 to 2, but the file has 1")]
    [InlineData("""{"t":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}""", 1, "but the file has 1")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "the bytes from 0 on belong to no tensor")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 2, "has 1 bytes after the last tensor")]
    [InlineData("{}", 1, "has 1 bytes after the last tensor")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}""", 3, "the bytes from 1 on")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, "overlaps 'a'")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}""", 2, "overlaps")]
    [InlineData("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}""", 2, "overlaps 'a'")]
    [InlineData("""{"new":{"dtype":"F4","shape":[4],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}""", 3, "overlaps 'new'")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, "has the key 't' twice")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0074":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, "has the key 't' twice")]
    [InlineData("""{"t":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, "has the key 'dtype' twice")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}""", 1, "has the key 'shape' twice")]
    [InlineData("""{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"data_offsets":[0,1]}}""", 1, "has the key 'data_offsets' twice")]
    [InlineData("""{"__metadata__":{},"__metadata__":{}}""", 0, "has the key '__metadata__' twice")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", 0, "has the metadata key 'a' twice")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "has Number where String was expected")]
    [InlineData("""{"__metadata__":"x"}""", 0, "has String where StartObject was expected")]
    [InlineData("""{"\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, "invalid Unicode")]
    [InlineData("""{"t":{"dtype":"\ud800","shape":[1],"data_offsets":[0,1]}}""", 1, "invalid Unicode")]
    public void MalformedFilesSayWhatIsWrong(string json, int dataBytes, string problem) => Rejects(json, dataBytes, problem);

    [Fact]
    public void DeepNestingIsRejectedWithoutRecursion()
    {
        var nested = new string('[', 1_000_000) + new string(']', 1_000_000);
        Rejects($$$"""{"t":{"dtype":"U8","shape":{{{nested}}},"data_offsets":[0,1]}}""", 1, "shape that is not an integer");
        Rejects($$$"""{"t":{"extra":{{{nested}}}}}""", 0, "not valid JSON");
    }

    [Fact]
    public void InvalidUtf8IsRejected() =>
        Rejects(HeaderBytes.File([(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}']), "not valid UTF-8");

    [Fact]
    public void AFileShorterThanItsLengthFieldIsRejected()
    {
        for (var bytes = 0; bytes < 8; bytes++) Rejects(new byte[bytes], $"has {bytes} bytes");
    }

    [Theory]
    [InlineData(3UL, "has only 2 after the length")]
    [InlineData(100_000_000UL, "has only 2 after the length")]
    [InlineData(100_000_001UL, "the format allows 100000000")]
    [InlineData(4_000_000_000_000UL, "the format allows 100000000")]
    [InlineData(ulong.MaxValue, "the format allows 100000000")]
    public void AHeaderThatClaimsTooMuchAllocatesNothing(ulong claimed, string problem)
    {
        var file = HeaderBytes.File("{}");
        BinaryPrimitives.WriteUInt64LittleEndian(file, claimed);
        Rejects(file, problem); // what the runtime loads for its first exception is not the parser's
        var before = GC.GetAllocatedBytesForCurrentThread();
        Rejects(file, problem);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
    }

    [Fact]
    public void EndlessShapesDoNotFillTheMemory()
    {
        var file = HeaderBytes.File($$$"""{"t":{"dtype":"U8","shape":[{{{string.Join(',', Enumerable.Repeat(1, 1_000_000))}}}],"data_offsets":[0,1]}}""", 1);
        Rejects(file, "has more than 64 numbers in its shape");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Rejects(file, "has more than 64 numbers in its shape");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
    }

    [Fact]
    public void TensorsOfTerabytesAreDescribedWithoutTheirData()
    {
        const long Terabytes = 1L << 43;
        var head = HeaderBytes.File($$$"""{"t":{"dtype":"BF16","shape":[2,{{{Terabytes / 4}}}],"data_offsets":[0,{{{Terabytes}}}]}}""");
        Assert.Equal(Terabytes, SafetensorsHeader.Parse(head, head.Length + Terabytes, "test.safetensors").Tensors[0].ByteLength);
        var error = Assert.Throws<SafetensorsException>(() => SafetensorsHeader.Parse(head, head.Length + Terabytes - 1, "test.safetensors"));
        Assert.Contains($"but the file has {Terabytes - 1} bytes of data", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => SafetensorsHeader.Parse(head.AsSpan(0, head.Length - 1), head.Length + Terabytes, "test.safetensors"));
        Assert.Throws<ArgumentException>(() => SafetensorsHeader.Parse(head.AsSpan(0, 7), head.Length + Terabytes, "test.safetensors"));
    }

    [Fact]
    public void MessagesShowForeignNamesOnOneShortLine()
    {
        var error = Assert.Throws<SafetensorsException>(() => HeaderBytes.Parse(HeaderBytes.File($$$"""{"a\n\u001b{{{new string('b', 100_000)}}}":1}""")));
        Assert.InRange(error.Message.Length, 1, 400);
        Assert.DoesNotContain(error.Message, char.IsControl);
    }

    private static void Rejects(string json, int dataBytes, string problem) => Rejects(HeaderBytes.File(json, dataBytes), problem);

    private static void Rejects(byte[] file, string problem)
    {
        var error = Assert.Throws<SafetensorsException>(() => HeaderBytes.Parse(file));
        Assert.StartsWith("test.safetensors: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }
}
