using System.Buffers.Binary;
using System.Text;
using KernelGen.Testing;

namespace KernelGen.HuggingFace.Tests;

public class SafetensorsFuzzTests
{
    private const int Files = 100_000;

    // One parse of a file of this size; exceptions with their stack traces are the larger part.
    private const long MaxBytesPerParse = 64 << 10;

    private static readonly byte[] Seed = HeaderBytes.File(
        """
        {"__metadata__":{"format":"pt","note":"\u00e4"},"w.0":{"dtype":"BF16","shape":[4,6],"data_offsets":[0,48]},
        "w.1":{"dtype":"F32","shape":[],"data_offsets":[48,52]},"empty":{"dtype":"I64","shape":[0,7],"data_offsets":[52,52]},
        "ids":{"dtype":"I32","shape":[2,2],"data_offsets":[52,68]},"new":{"dtype":"F4","shape":[8],"data_offsets":[68,72]}}
        """, 72);

    private static readonly string[] Fragments =
    [
        "{", "}", "[", "]", ",", ":", "\"", "-1", "0", "72", "1e9", "9223372036854775807", "18446744073709551616", "null", "true", "\\ud800", "\\u0000",
        "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"__metadata__\"", "\"F64\"", "\"w.0\"", "[[[[[[[[", "{\"a\":{\"a\":{\"a\":", "//", "é",
    ];

    [Fact]
    public void MutatedFilesAreReadOrRejectedAndNothingElse()
    {
        var rejected = 0;
        for (var number = 0; number < Files; number++)
        {
            var random = new SeededRandom(number);
            var file = Mutate(random);
            var before = GC.GetAllocatedBytesForCurrentThread();
            if (!IsLegal(file, random)) rejected++;
            if (GC.GetAllocatedBytesForCurrentThread() - before <= MaxBytesPerParse) continue;

            // The runtime loads messages and stack frames when they are first needed; what the parser takes, it takes again.
            before = GC.GetAllocatedBytesForCurrentThread();
            IsLegal(file, random);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= MaxBytesPerParse, $"{allocated} bytes allocated for a file of {file.Length}: {random.Description}");
        }

        Assert.InRange(rejected, Files / 2, Files - (Files / 100)); // the mutations break most files, and leave some legal
    }

    private static bool IsLegal(byte[] file, SeededRandom random)
    {
        try
        {
            AssertSound(HeaderBytes.Parse(file), file, random);
            return true;
        }
        catch (SafetensorsException)
        {
            return false;
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{e.GetType()} escaped: {random.Description}{Environment.NewLine}{Encoding.Latin1.GetString(file)}{Environment.NewLine}{e}");
            throw;
        }
    }

    private static byte[] Mutate(SeededRandom random)
    {
        var bytes = Seed.ToList();
        for (var edits = random.Int(1, 4); edits > 0; edits--)
        {
            var at = random.Int(0, bytes.Count - 1);
            switch (random.Int(0, 6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Int(0, 7));
                    break;
                case 1:
                    bytes[at] = (byte)random.Int(0, 255);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Int(1, 20), bytes.Count - at - 1));
                    break;
                case 3:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(random.Pick(Fragments)));
                    break;
                case 4:
                    var digits = bytes.Index().Where(item => item.Index >= 8 && char.IsAsciiDigit((char)item.Item)).Select(item => item.Index).ToArray();
                    if (digits.Length > 0) bytes[random.Pick(digits)] = (byte)random.Int('0', '9');
                    break;
                case 5:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Int(1, 60), bytes.Count - at)));
                    break;
                default:
                    bytes.AddRange(new byte[random.Int(1, 4)]);
                    break;
            }
        }

        // Half of the files keep a length that fits, so that the mutations inside reach the JSON.
        var file = bytes.ToArray();
        if (file.Length >= 80 && random.Bool()) BinaryPrimitives.WriteInt64LittleEndian(file, file.Length - 80);
        return file;
    }

    private static void AssertSound(SafetensorsHeader header, byte[] file, SeededRandom random)
    {
        var end = header.DataStart;
        foreach (var tensor in header.Tensors)
        {
            Assert.True(header.DataStart + tensor.DataOffset == end && tensor.ByteLength >= 0, random.Description);
            end += tensor.ByteLength;
        }

        Assert.True(end == file.Length, random.Description);
    }
}
