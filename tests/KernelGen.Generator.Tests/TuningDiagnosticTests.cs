using KernelGen.Compiler.Tuning;
using Microsoft.CodeAnalysis;

namespace KernelGen.Tests;

/// <summary>What is wrong with a tuning file is said once, at its line and column, and what is right of the project is emitted all the same.</summary>
public sealed class TuningDiagnosticTests
{
    private const string Name = "E=8,N=32,device_name=AMD_EPYC,dtype=float32.json";

    private const string Declaration = "[KernelGen.FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32)] static partial class Experts;";

    private static readonly CpuTile Tile = new(256, 2, 4, 512, new(6, 48), new(6, 48));

    private static readonly string Right = TuningFile.Empty.With([Tile.ToEntry(1, 1), Tile.ToEntry(64, 1)]).ToString();

    [Fact]
    public Task KG2001_malformed_json() => Verify("KG2001 Error (5,9) expected ',' or '}', but found '\"'", (Name, Right.Replace("8,", "8")));

    [Fact]
    public Task KG2001_a_size_below_zero() => Verify("KG2001 Error (3,25) BLOCK_SIZE_M is -16; expected a whole number from 1 to 4096", (Name, Right.Replace(" 16,", " -16,")));

    [Fact]
    public Task KG2001_source_text_instead_of_a_number() =>
        Verify("KG2001 Error (3,25) BLOCK_SIZE_M is the string '16; } System.Environment.Exit(1); //'; expected a whole number from 1 to 4096", (Name, Right.Replace(" 16,", " \"16; } System.Environment.Exit(1); //\",")));

    [Fact]
    public Task KG2001_a_key_twice() => Verify("KG2001 Error (11,5) the key '1' is duplicated in one object", (Name, Right.Replace("\"64\"", "\"1\"")));

    [Fact]
    public Task KG2001_an_empty_file() => Verify("KG2001 Error (1,1) expected a value, but the file ends", (Name, ""));

    [Fact]
    public Task KG2001_a_name_that_cannot_be_read() =>
        Verify("KG2001 Error (1,1) 'E=8,N=x,device_name=AMD_EPYC.json' is not the name of a tuning file: N has 'x'; expected a whole number from 1 to 1048576", ("/a/E=8,N=x,device_name=AMD_EPYC.json", Right));

    [Theory]
    [InlineData("E=16,N=32,device_name=AMD_EPYC,dtype=float32.json")]
    [InlineData("E=8,N=64,device_name=AMD_EPYC,dtype=float32.json")]
    [InlineData("E=8,N=32,device_name=AMD_EPYC.json")]
    [InlineData("E=8,N=32,device_name=AMD_EPYC,dtype=float32,block_shape=[128, 128].json")]
    public Task KG2002_a_file_for_others(string name) => Verify(
        $"KG2002 Warning (1,1) no declared experts match the sizes and the weight format in the file's name; a file for the declared experts would be named {Name}", (name, Right));

    [Fact]
    public Task KG2003_a_tile_that_no_kernel_has() =>
        Verify("KG2003 Error (14,25) BLOCK_SIZE_K is 500; it must be a multiple of 64 up to 4096", (Name, TuningFile.Empty.With([Tile.ToEntry(1, 1), (Tile with { Depth = 500 }).ToEntry(64, 1)]).ToString()));

    [Fact]
    public Task KG2003_more_slices_than_elements() => Verify(
        "KG2003 Error (15,20) SplitK is 33, but the narrower reduction has only 32 elements", (Name, TuningFile.Empty.With([Tile.ToEntry(1, 1), Tile.ToEntry(64, 33)]).ToString()));

    [Fact]
    public Task KG2003_products_that_differ_in_rows() => Verify(
        "KG2003 Error (3,25) BLOCK_SIZE_M is 8 for the second GEMM at token count 1, but 16 for the first at 1; they share one alignment",
        (Name, Right), (Name.Replace(".json", "_down.json"), (TuningFile.Empty.With([(Tile with { PanelVectors = 1 }).ToDownEntry(1, 1)])).ToString()));

    [Fact]
    public Task KG2004_two_processors() => Verify(
        $"KG2004 Warning (1,1) {Name} tunes the same experts for a CPU; a build uses one CPU file, so list only one", (Name, Right), (Name.Replace("EPYC", "Ryzen"), Right));

    [Fact]
    public Task KG2004_the_second_product_alone() => Verify(
        $"KG2004 Warning (1,1) the file tunes the second GEMM only; also list {Name} for the first", (Name.Replace(".json", "_down.json"), Right));

    [Fact]
    public Task Another_file_is_none_of_ours() => Verify("", ("appsettings.json", "{"));

    private static async Task Verify(string expected, params (string Name, string Content)[] files)
    {
        var consumer = Consumer.Of(Declaration).WithFiles(files);
        var diagnostics = (await consumer.Analyze()).Select(Describe).ToArray();
        Assert.Equal(expected.Length == 0 ? [] : [expected], diagnostics);
        consumer.Generate().AssertCompiles();
    }

    private static string Describe(Diagnostic diagnostic)
    {
        var place = diagnostic.Location.GetLineSpan();
        Assert.Contains(",device_name=", place.Path);
        return $"{diagnostic.Id} {diagnostic.Severity} ({place.StartLinePosition.Line + 1},{place.StartLinePosition.Character + 1}) {diagnostic.GetMessage()}";
    }
}
