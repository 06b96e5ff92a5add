using System.Text;
using KernelGen.Compiler.Tuning;
using KernelGen.Testing;

namespace KernelGen.Tests;

/// <summary>Files from anywhere: whatever is in them, they are read or rejected.</summary>
public class TuningFuzzTests
{
    private const int Files = 100_000;

    // A file's values, each with its place, and one exception with its stack trace.
    private const long MaxBytesPerParse = 128 << 10;

    private static readonly string Seed = """
        { "triton_version": "3.4.0", "note": [1.5e-3, null, true, {"\u00e4": "\\"}],
          "1": { "BLOCK_SIZE_M": 32, "BLOCK_SIZE_N": 48, "BLOCK_SIZE_K": 512, "SPLIT_K": 2, "VECTOR_BITS": 512, "TILE_SIZE_N": 12, "ROW_SIZE_M": 8 },
          "64": { "BLOCK_SIZE_M": 32, "BLOCK_SIZE_N": 96, "BLOCK_SIZE_K": 512, "VECTOR_BITS": 512, "TILE_SIZE_N": 12, "ROW_SIZE_M": 8, "kpack": 2 } }
        """;

    private static readonly string[] Fragments =
    [
        "{", "}", "[", "]", ",", ":", "\"", "-1", "0", "64", "1e9", "2147483648", "0.5", "null", "true", "\\ud800", "\\u0000", "\\", "\uFEFF", "//", "é", "\n", "\0",
        "\"BLOCK_SIZE_M\"", "\"VECTOR_BITS\"", "\"USE_TMA\"", "\"2\"", "\"-3\"", "[[[[[[[[[[[[[[[[[[", "{\"a\":{\"a\":{\"a\":",
    ];

    private static readonly KernelGen.Compiler.Families.FusedMoeSpec Spec = new(8, 2, 256, 128, MoeActivation.SiluAndMul, DType.Float32);

    [Fact]
    public void MutatedFilesAreReadOrRejectedAndNothingElse()
    {
        var rejected = 0;
        for (var number = 0; number < Files; number++)
        {
            var random = new SeededRandom(number);
            var text = Mutate(Seed, random);
            if (Allocated(text, random, out var isLegal) > MaxBytesPerParse && Allocated(text, random, out isLegal) is var again and > MaxBytesPerParse)
                Assert.Fail($"{again} bytes allocated for a file of {text.Length}: {random.Description}"); // again: the runtime loads stack frames when first needed
            if (!isLegal) rejected++;
        }

        Assert.InRange(rejected, Files / 2, Files - (Files / 100)); // the mutations break most files, and leave some legal
    }

    [Fact]
    public void MutatedNamesAreReadOrRejectedAndNothingElse()
    {
        const string Name = "E=256,N=128,device_name=NVIDIA_H20-3e,dtype=fp8_w8a8,block_shape=[0, 64],per_channel_quant=True_down.json";
        var read = 0;
        for (var number = 0; number < Files; number++)
        {
            var random = new SeededRandom(number);
            var name = Mutate(Name, random);
            try
            {
                var parsed = TuningFileName.Parse(name);
                Assert.True(parsed == TuningFileName.Parse(parsed.ToString()), random.Description);
                read++;
            }
            catch (TuningFileException)
            {
                // What it is for.
            }
        }

        Assert.InRange(read, Files / 100, Files / 2);
    }

    private static long Allocated(string text, SeededRandom random, out bool isLegal)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        isLegal = IsLegal(text, random);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static bool IsLegal(string text, SeededRandom random)
    {
        try
        {
            var file = TuningFile.Parse(text);
            Assert.True(file.ToString() == TuningFile.Parse(file.ToString()).ToString(), random.Description);
            Assert.All(ExpertTuning.ForCpu(Spec, file), choice => Assert.Empty(choice.Spec.Validate()));
            return true;
        }
        catch (TuningFileException)
        {
            return false;
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{e.GetType()} escaped: {random.Description}{Environment.NewLine}{text}{Environment.NewLine}{e}");
            throw;
        }
    }

    private static string Mutate(string seed, SeededRandom random)
    {
        var text = new StringBuilder(seed);
        for (var edits = random.Int(1, 3); edits > 0; edits--)
        {
            var at = random.Int(0, text.Length - 1);
            switch (random.Int(0, 4))
            {
                case 0:
                    text[at] = (char)random.Int(0, random.Bool() ? 127 : 0xFFFF);
                    break;
                case 1:
                    text.Remove(at, Math.Min(random.Int(1, 20), text.Length - at - 1));
                    break;
                case 2:
                    text.Insert(at, random.Pick(Fragments));
                    break;
                case 3:
                    var digit = Enumerable.Range(0, text.Length).Select(i => (at + i) % text.Length).Cast<int?>().FirstOrDefault(i => char.IsAsciiDigit(text[i!.Value]));
                    if (digit is { } place) text[place] = (char)random.Int('0', '9');
                    break;
                default:
                    text.Insert(at, text.ToString(at, Math.Min(random.Int(1, 60), text.Length - at)));
                    break;
            }
        }

        return text.ToString();
    }
}
