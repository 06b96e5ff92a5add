using System.Text.Json;

namespace KernelGen.Tool.Tests;

/// <summary><c>kernelgen bench --device</c> on ILGPU's CPU accelerator: what it verifies and writes.</summary>
public class DeviceBenchTests
{
    [Theory]
    [InlineData("gate --experts 32 --top-k 4 --scoring sigmoid --bias --logits bf16", "moegate_sigmoid_bias_e32_k4_bf16_ilgpu")]
    [InlineData("gate --experts 32 --top-k 4 --logits f16", "moegate_softmax_e32_k4_f16_ilgpu")]
    [InlineData("moe --experts 3 --top-k 2 --hidden 24 --intermediate 16 --weights bf16 --split-k 1", "fusedmoe_silu_e3_k2_h24_i16_bf16_ilgpu")]
    [InlineData("moe --experts 3 --top-k 2 --hidden 24 --intermediate 16 --weights fp8_w8a8 --activation relu2 --split-k 1", "fusedmoe_relu2_e3_k2_h24_i16_fp8block_w8a8_ilgpu")]
    [InlineData("omni --per-axis 24 --top-k 3", "omnirouter_n24_k3_f32_ilgpu")]
    [InlineData("omni --per-axis 24 --top-k 3 --backward", "omnirouter_n24_k3_f32_ilgpu")]
    public async Task ADeviceAloneIsVerifiedAndTimed(string shape, string variant)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("rows.json");
        var run = (await ToolRun.Of(["bench", .. shape.Split(' '), "--tokens", "2", "--device", "ilgpu-cpu", "--json", path])).AssertSuccess();
        Assert.StartsWith(variant, run.Output);
        Assert.Contains("ilgpu-cpu: ILGPU's CPU accelerator", run.Output);
        Assert.DoesNotContain("limits", run.Output); // those of the processor

        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        var row = Assert.Single(json.RootElement.GetProperty("rows").EnumerateArray());
        Assert.Equal((variant, "specialised", "ilgpu-cpu"), (Text(row, "variant"), Text(row, "form"), Text(row, "device")));
        Assert.True(row.GetProperty("medianUs").GetDouble() > 0);
        Assert.Equal("ILGPU's CPU accelerator", Text(json.RootElement.GetProperty("machine").GetProperty("devices"), "ilgpu-cpu"));
    }

    [Fact]
    public async Task SeveralDevicesAreCompared()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("rows.json");
        var run = (await ToolRun.Of(
            [.. "bench moe --experts 3 --top-k 2 --hidden 24 --intermediate 16 --tokens 2 --device cpu,ilgpu-cpu --json".Split(' '), path])).AssertSuccess();
        Assert.Contains("÷ cpu", run.Output);
        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        Assert.Equal(
            ["cpu specialised", "cpu split-K 4", "ilgpu-cpu specialised", "ilgpu-cpu split-K 4", "cpu unspecialised"],
            json.RootElement.GetProperty("rows").EnumerateArray().Select(row => $"{Text(row, "device")} {Text(row, "form")}"));
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
