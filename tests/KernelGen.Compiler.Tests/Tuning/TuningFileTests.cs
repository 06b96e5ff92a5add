using KernelGen.Compiler.Tuning;

namespace KernelGen.Tests;

public class TuningFileTests
{
    private const string Sizes = "\"BLOCK_SIZE_M\": 16, \"BLOCK_SIZE_N\": 64, \"BLOCK_SIZE_K\": 128";

    public static TheoryData<string> Public => [.. PublicFiles.Names];

    [Theory]
    [MemberData(nameof(Public))]
    public void APublicFileIsWrittenAsItWasRead(string name)
    {
        var text = PublicFiles.Read(name);
        var file = TuningFile.Parse(text);
        Assert.Equal(text, file.ToString());
        Assert.All(file.Entries, entry => Assert.InRange(entry[TuningKeys.BlockM]!.Value, 16, 128));
        Assert.False(file.IsForCpu);
    }

    [Fact]
    public void VllmsVersionOfTritonIsRead()
    {
        Assert.Equal("3.4.0", TuningFile.Parse(PublicFiles.Read("E=16,N=1024,device_name=NVIDIA_B200,dtype=fp8_w8a8,block_shape=[128,128].json")).TritonVersion);
        Assert.Null(TuningFile.Parse(PublicFiles.Read("E=8,N=7168,device_name=NVIDIA_H200.json")).TritonVersion);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(5, 4)] // as far from 4 as from 6, which stands later
    [InlineData(6, 6)]
    [InlineData(8, 10)] // as far from 10 as from 6, and 10 stands first
    [InlineData(1_000_000, 10)]
    public void TheNearestEntryIsTheFirstInTheFileOfTwoThatAreAsNear(int tokens, int expected)
    {
        var file = TuningFile.Parse($$"""{ "10": { {{Sizes}} }, "2": { {{Sizes}} }, "4": { {{Sizes}} }, "6": { {{Sizes}} } }""");
        Assert.Equal(expected, file.Nearest(tokens)!.Tokens);
    }

    public static TheoryData<string, int, int, string> Broken => new()
    {
        { "", 1, 1, "expected a value, but the file ends" },
        { "[]", 1, 1, "the file contains an array" },
        { "{}", 1, 1, "the file has no entries" },
        { "{ \"triton_version\": \"3\" }", 1, 1, "the file has no entries" },
        { "{ \"triton_version\": 3 }", 1, 21, "triton_version is 3; expected a string" },
        { "{\n  \"1\": { " + Sizes + " }\n  \"2\": {} }", 3, 3, "expected ',' or '}', but found '\"'" },
        { "{ \"1\": { " + Sizes + " }, }", 1, 73, "expected a name in quotes, but found '}'" },
        { "{ \"1\": { " + Sizes + " }, \"1\": 0 }", 1, 73, "the key '1' is duplicated" },
        { "{\r\n\"1\": {\r\n" + Sizes + ",\r\n\t\"BLOCK_SIZE_M\": 16 } }", 4, 2, "the key 'BLOCK_SIZE_M' is duplicated" },
        { "{ \"1\": 5 }", 1, 8, "the entry of 1 tokens is 5; expected an object" },
        { "{ \"1\": { \"BLOCK_SIZE_M\": 16 } }", 1, 3, "the entry of 1 tokens has no BLOCK_SIZE_N" },
        { "{ \"0\": {} }", 1, 3, "the key '0' is not a token count" },
        { "{ \"-4\": {} }", 1, 3, "the key '-4' is not a token count" },
        { "{ \"07\": {} }", 1, 3, "the key '07' is not a token count" },
        { "{ \"1.5\": {} }", 1, 3, "the key '1.5' is not a token count" },
        { "{ \"99999999999\": {} }", 1, 3, "is not a token count" },
        { Entry("\"BLOCK_SIZE_M\": -16"), 1, 28, "BLOCK_SIZE_M is -16; expected a whole number from 1 to 4096" },
        { Entry("\"BLOCK_SIZE_M\": 0"), 1, 28, "BLOCK_SIZE_M is 0" },
        { Entry("\"BLOCK_SIZE_M\": 1000000"), 1, 28, "BLOCK_SIZE_M is 1000000" },
        { Entry("\"BLOCK_SIZE_M\": 1" + new string('0', 400)), 1, 28, "BLOCK_SIZE_M is 1000" },
        { Entry("\"BLOCK_SIZE_M\": 16.0"), 1, 28, "BLOCK_SIZE_M is 16.0" },
        { Entry("\"BLOCK_SIZE_M\": 1e1"), 1, 28, "BLOCK_SIZE_M is 1e1" },
        { Entry("\"BLOCK_SIZE_M\": \"16\""), 1, 28, "BLOCK_SIZE_M is the string '16'" },
        { Entry("\"BLOCK_SIZE_M\": null"), 1, 28, "BLOCK_SIZE_M is null" },
        { Entry("\"BLOCK_SIZE_M\": 016"), 1, 29, "expected ',' or '}', but found '1'" },
        { Entry("\"BLOCK_SIZE_M\": 16; System.Environment.Exit(1)"), 1, 30, "expected ',' or '}', but found ';'" },
        { Entry("\"num_stages\": 33"), 1, 26, "num_stages is 33; expected a whole number from 0 to 32" },
        { Entry("\"SPLIT_K\": 0"), 1, 23, "SPLIT_K is 0" },
        { Entry("\"USE_TMA\": 1"), 1, 23, "USE_TMA is 1; expected true or false" },
        { Entry("\"x\": nul"), 1, 17, "expected a value, but found 'n'" },
        { Entry("\"x\": \"\\u12G4\""), 1, 20, "four hexadecimal digits" },
        { Entry("\"x\": \"\\x\""), 1, 19, "an escape sequence" },
        { Entry("\"x\": \"a\nb\""), 1, 19, "expected the end of a string, but found '?'" },
        { Entry("\"x\": -"), 1, 18, "a digit" },
        { Entry("\"x\": 1. "), 1, 19, "a digit" },
        { "{ \"1\": { \"x\": \"", 1, 16, "the file ends" },
        { "{ \"x\": " + new string('[', 100_000), 1, 23, "more than 16 levels of objects and arrays" },
        { "{ \"1\": { " + Sizes + " } } x", 1, 74, "expected the end of the file, but found 'x'" },
        { "{ \"1\": { " + Sizes + " }, \"2\": { " + Sizes + ", \"VECTOR_BITS\": 256 } }", 1, 73, "has VECTOR_BITS, unlike earlier entries" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void AMistakeIsFoundAtItsLineAndColumn(string text, int line, int column, string message)
    {
        var error = Assert.Throws<TuningFileException>(() => TuningFile.Parse(text, "file.json"));
        Assert.Contains(message, error.Message);
        Assert.Equal(new TextPlace("file.json", line, column), error.Place);
        Assert.Equal($"file.json({line},{column})", error.Place.ToString());
    }

    [Fact]
    public void AFileThatIsTooLongIsNotRead()
    {
        Assert.Contains("characters", Assert.Throws<TuningFileException>(() => TuningFile.Parse(new string(' ', TuningFile.MaxCharacters + 1))).Message);
    }

    [Fact]
    public void AByteOrderMarkIsSkipped() => Assert.Single(TuningFile.Parse("\uFEFF{ \"1\": { " + Sizes + " } }").Entries);

    [Fact]
    public void ARewriteReplacesEntriesAndKeepsWhatItDoesNotKnow()
    {
        var file = TuningFile.Parse(
            """
            { "triton_version": "3.4.0", "note\u00e9": [1.50, {"a": null}, true],
              "8": { "kpack": 2, "BLOCK_SIZE_M": 16, "BLOCK_SIZE_N": 64, "BLOCK_SIZE_K": 128, "SPLIT_K": 4, "why": "\ud800\"" },
              "32": { "BLOCK_SIZE_M": 32, "BLOCK_SIZE_N": 64, "BLOCK_SIZE_K": 64 } }
            """);
        var tile = new TritonTile(64, 128, 64, 1, 4, 3);
        var rewritten = file.With([tile.ToEntry(8), tile.ToEntry(16), (tile with { SplitK = 2 }).ToEntry(64)]);
        Assert.Equal(
            """
            {
                "triton_version": "3.4.0",
                "note\u00e9": [
                    1.50,
                    {
                        "a": null
                    },
                    true
                ],
                "8": {
                    "kpack": 2,
                    "BLOCK_SIZE_M": 64,
                    "BLOCK_SIZE_N": 128,
                    "BLOCK_SIZE_K": 64,
                    "why": "\ud800\"",
                    "GROUP_SIZE_M": 1,
                    "num_warps": 4,
                    "num_stages": 3
                },
                "16": {
                    "BLOCK_SIZE_M": 64,
                    "BLOCK_SIZE_N": 128,
                    "BLOCK_SIZE_K": 64,
                    "GROUP_SIZE_M": 1,
                    "num_warps": 4,
                    "num_stages": 3
                },
                "32": {
                    "BLOCK_SIZE_M": 32,
                    "BLOCK_SIZE_N": 64,
                    "BLOCK_SIZE_K": 64
                },
                "64": {
                    "BLOCK_SIZE_M": 64,
                    "BLOCK_SIZE_N": 128,
                    "BLOCK_SIZE_K": 64,
                    "GROUP_SIZE_M": 1,
                    "num_warps": 4,
                    "num_stages": 3,
                    "SPLIT_K": 2
                }
            }

            """, rewritten.ToString());
        Assert.Equal([8, 16, 32, 64], rewritten.Entries.Select(entry => entry.Tokens));
        Assert.Equal(rewritten.ToString(), TuningFile.Parse(rewritten.ToString()).ToString());
        Assert.Equal(rewritten.ToString(), rewritten.With([tile.ToEntry(16)]).ToString());
    }

    [Fact]
    public void AnEntryOfImpossibleNumbersCannotBeMade() =>
        Assert.Throws<TuningFileException>(() => new TritonTile(64, 128, 64, 1, 4, 99).ToEntry(1));

    private static string Entry(string member) => "{ \"1\": { " + "  " + member + ", " + Sizes.Replace("\"BLOCK_SIZE_M\": 16, ", "") + " } }";
}
