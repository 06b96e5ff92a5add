using KernelGen.Compiler.Tuning;

namespace KernelGen.Tests;

/// <summary>Tuning files of GPUs: the tiles that they choose, by the accelerator's name and the number of tokens.</summary>
public sealed class TunedOnDevicesTests
{
    private const string FileName = "E=8,N=128,device_name=NVIDIA_H200.json";

    private const string Declaration = """
        using KernelGen;

        [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 256, IntermediateSize = 128, WeightType = DType.BFloat16, SplitK = new[] { 1, 2 })]
        public static partial class TunedOnDevices;
        """;

    private static readonly TritonTile Tile = new(16, 64, 64, 1, 4, 4);

    private static Consumer Project => Consumer.Of(new Consumer.Settings(ReferenceIlgpu: true), Declaration)
        .WithFiles((FileName, Text(Tile with { SplitK = 4 }, Tile)), (FileName.Replace("H200", "L4"), Text(Tile, Tile with { BlockN = 32 })));

    [Fact]
    public void The_dispatcher_is_as_reviewed() => Snapshot.Verify("TunedOnDevices.FusedMoe.Ilgpu.g.cs", Project.Generate().AssertCompiles().Files["TunedOnDevices.FusedMoe.Ilgpu.g.cs"]);

    [Fact]
    public void Variants_have_their_own_choices_and_know_of_the_others()
    {
        var entries = Project.Generate().Files.Where(file => file.Key.EndsWith("_ilgpu.g.cs") || file.Key.Contains("_ilgpu_tuned")).Where(file => file.Value.Contains("Kernels = new(")).ToArray();
        Assert.Equal(3, entries.Length);
        foreach (var (file, text) in entries)
        {
            Assert.Contains("{ Tunings = [new(\"NVIDIA_H200\", [new(32, 4, ", text);
            Assert.Contains("new(\"NVIDIA_L4\", [new(32, 1, ", text);
            Assert.Equal(file.Contains("splitk4"), !text.Contains("new(32, 4, null)"));
            Assert.Equal(!file.Contains("splitk"), !text.Contains("new(int.MaxValue, 1, null)"));
        }
    }

    [Fact]
    public void A_file_changes_nothing_on_the_CPU()
    {
        var without = Consumer.Of(Declaration).Generate().Files;
        var with = Consumer.Of(Declaration).WithFiles((FileName, Text(Tile, Tile))).Generate().AssertCompiles().Files;
        Assert.Equal(without, with);
    }

    [Fact]
    public async Task What_the_device_does_not_have_is_told()
    {
        var project = Consumer.Of(Declaration).WithFiles((FileName, Text(Tile, Tile with { Stages = 2 })), (FileName.Replace("NVIDIA_H200", "AMD_Instinct_MI300X"), Text(Tile, Tile)));
        Assert.Equal(
            ["Info KG2005 1", "Info KG2006 10", "Info KG2006 10"],
            (await project.Analyze()).Select(found => $"{found.Severity} {found.Id} {found.Location.GetLineSpan().StartLinePosition.Line + 1}").Order(StringComparer.Ordinal));
    }

    private static string Text(TritonTile few, TritonTile many) => TuningFile.Empty.With([few.ToEntry(1), many.ToEntry(64)]).ToString();
}
