using KernelGen.HuggingFace;
using KernelGen.Testing;

namespace KernelGen.Tool.Tests;

/// <summary>
/// The golden layers with weights of every type. Their weights are bf16 numbers, which the wider types hold; the narrower ones make errors whose
/// size follows from the rounding (docs/numerics.md): much less would mean that nothing was quantised, much more that it was done wrongly.
/// </summary>
public class GoldenWeightsTests
{
    public static TheoryData<string> Models =>
        ["mixtral-a", "qwen3moe-a", "qwen2moe-a", "deepseekv3-a", "glm4moe-a", "olmoe-a", "jamba-a", "gptoss-a", "llama4-a"];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task SixteenBitsAreAsGoodAsThirtyTwo(string model)
    {
        foreach (var weights in new[] { "f32", "bf16", "f16" })
        {
            var expected = GoldenFiles.Path(model, "expected.safetensors");
            (await ToolRun.Of("run", "--model", GoldenFiles.Path(model), "--input", expected, "--expect", expected, "--weights", weights)).AssertSuccess();
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task QuantisationErrorsAreThoseOfTheRounding(string model)
    {
        foreach (var (weights, share) in new[] { ("fp8", 0.0245), ("int8", 0.0063), ("int4", 0.111) })
        {
            var (rootMeanSquare, largest) = await Errors(model, weights);
            var expected = Math.Sqrt(3) * share;
            Assert.InRange(rootMeanSquare, 0.85 * expected, 1.25 * expected);
            Assert.InRange(largest, rootMeanSquare, 12 * expected);
        }
    }

    /// <summary>Errors beside the root mean square of the outputs: their own, and the largest.</summary>
    private static async Task<(double RootMeanSquare, double Largest)> Errors(string model, string weights)
    {
        using var folder = new TemporaryFolder();
        var expected = GoldenFiles.Path(model, "expected.safetensors");
        var output = folder.File("output.safetensors");
        var run = await ToolRun.Of("run", "--model", GoldenFiles.Path(model), "--input", expected, "--weights", weights, "--output", output);
        Assert.Contains("quantised weights differ from the checkpoint's by at most", run.AssertSuccess().Output);
        using var golden = SafetensorsFile.Open(expected);
        using var written = SafetensorsFile.Open(output);
        float[] wanted = golden.Get("output").ReadSingles(), found = written.Get("output").ReadSingles();
        var size = Math.Sqrt(wanted.Average(value => (double)value * value));
        var errors = wanted.Zip(found, (want, find) => Math.Abs((double)want - find)).ToArray();
        return (Math.Sqrt(errors.Average(error => error * error)) / size, errors.Max() / size);
    }
}
