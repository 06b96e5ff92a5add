using System.Text.Json;
using KernelGen.Benchmarking;

namespace KernelGen.Tool.Tests;

/// <summary><c>kernelgen bench</c>: what it writes, not how fast anything is.</summary>
public class BenchTests
{
    [Fact]
    public async Task GatesAreComparedWithTheirTemplateAndPlainCSharp()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("gate.json");
        string[] args = ["bench", "gate", "--experts", "32", "--top-k", "4", "--scoring", "sigmoid", "--bias", "--groups", "4", "--top-k-groups", "2", "--tokens", "33", "--json", path];
        var run = (await ToolRun.Of(args)).AssertSuccess();
        Assert.Contains("moegate_sigmoid_bias_g4x2_e32_k4_f32_cpu", run.Output);
        Assert.Contains("÷ plain C#", run.Output);

        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        var rows = AssertReport(json.RootElement, $"kernelgen {string.Join(' ', args)}");
        Assert.Equal(
            ["moegate_sigmoid_bias_g4x2_e32_k4_f32_cpu 33", "moegate_sigmoid_bias_g4x2_e32_k4_f32_cpu_unspecialized 33", "tensor_primitives 33"],
            rows.Select(row => $"{row.GetProperty("variant").GetString()} {row.GetProperty("tokens").GetInt32()}"));
        Assert.All(rows, row => Assert.Equal(JsonValueKind.Null, row.GetProperty("gflops").ValueKind));
        Assert.Equal(32, rows[0].GetProperty("shape").GetProperty("experts").GetInt32());
    }

    [Fact]
    public async Task ExpertsAreComparedWithTheirTemplate()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("moe.json");
        string[] args = ["bench", "moe", "--experts", "4", "--top-k", "2", "--hidden", "48", "--intermediate", "40", "--weights", "bf16", "--tokens", "2,40", "--json", path];
        (await ToolRun.Of(args)).AssertSuccess();

        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        var rows = AssertReport(json.RootElement, $"kernelgen {string.Join(' ', args)}");
        Assert.Equal(
            ["specialised 2", "split-K 4 2", "unspecialised 2", "specialised 40", "unspecialised 40"],
            rows.Select(row => $"{row.GetProperty("form").GetString()} {row.GetProperty("tokens").GetInt32()}"));
        Assert.Equal("fusedmoe_silu_e4_k2_h48_i40_bf16_splitk4_cpu", rows[1].GetProperty("variant").GetString());
        Assert.All(rows, row => Assert.True(row.GetProperty("gflops").GetDouble() > 0));
        Assert.Equal(40, rows[0].GetProperty("shape").GetProperty("intermediateSize").GetInt32());
    }

    [Fact]
    public async Task NumbersOfSlicesThatWereAskedForAreComparedWhateverTheTokens()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("moe.json");
        (await ToolRun.Of([.. "bench moe --experts 4 --top-k 2 --hidden 64 --intermediate 64 --split-k 1,2,8 --tokens 40 --json".Split(' '), path])).AssertSuccess();
        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        Assert.Equal(["specialised", "split-K 2", "split-K 8", "unspecialised"], json.RootElement.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("form").GetString()));
    }

    [Fact]
    public async Task CachesAreFlushedOnRequest() => Assert.Contains("moegate_softmax_e8_k2_f32_cpu", (await ToolRun.Of(
        "bench gate --experts 8 --top-k 2 --tokens 1 --flush-caches".Split(' '))).AssertSuccess().Output);

    [Theory]
    [InlineData("swiglu-clamp --activation-limit 0.5", "fusedmoe_swiglu_clamp0p5_e4_k2_h48_i40_f32_cpu")]
    [InlineData("gelu-ungated", "fusedmoe_gelu_ungated_e4_k2_h48_i40_f32_cpu")]
    public async Task EveryActivationIsVerifiedAndTimed(string activation, string variant) => Assert.Contains(variant, (await ToolRun.Of(
        [.. "bench moe --experts 4 --top-k 2 --hidden 48 --intermediate 40 --tokens 3 --split-k 1 --activation".Split(' '), .. activation.Split(' ')])).AssertSuccess().Output);

    [Theory]
    [InlineData(false, "omnirouter_n48_k7_f32_cpu", "omnirouter_n48_k7_f32_cpu_unspecialized", "scan")]
    [InlineData(true, "omnirouter_n48_k7_f32_cpu", "omnirouter_n48_k7_f32_cpu_unspecialized")]
    public async Task ProductKeyRoutersAreComparedWithTheirTemplateAndAScan(bool backward, params string[] variants)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("omni.json");
        string[] args = ["bench", "omni", "--per-axis", "48", "--top-k", "7", .. backward ? new[] { "--backward" } : [], "--tokens", "33", "--json", path];
        var run = (await ToolRun.Of(args)).AssertSuccess();
        Assert.Equal(!backward, run.Output.Contains("÷ n² scan"));

        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        var rows = AssertReport(json.RootElement, $"kernelgen {string.Join(' ', args)}");
        Assert.Equal(variants, rows.Select(row => row.GetProperty("variant").GetString()));
        Assert.All(rows, row => Assert.Equal((48, 7, backward ? 1 : 0), (Shape(row, "expertsPerAxis"), Shape(row, "topK"), Shape(row, "backward"))));

        static int Shape(JsonElement row, string name) => row.GetProperty("shape").GetProperty(name).GetInt32();
    }

    [Fact]
    public async Task ATileIsMeasured() =>
        Assert.Contains("fusedmoe_silu_e1_k1_h256_i256_bf16_cpu", (await ToolRun.Of("bench", "tile", "--weights", "bf16")).AssertSuccess().Output);

    [Theory]
    [InlineData("fp8_w8a8", "fusedmoe_silu_e3_k2_h160_i136_fp8block_w8a8_cpu")]
    [InlineData("int8_w8a8", "fusedmoe_silu_e3_k2_h160_i136_int8_w8a8_cpu")]
    public async Task RoundedInputsAreVerifiedAndMeasured(string weights, string variant) => Assert.Contains(variant, (await ToolRun.Of(
        "bench", "moe", "--experts", "3", "--top-k", "2", "--hidden", "160", "--intermediate", "136", "--weights", weights, "--tokens", "1,40")).AssertSuccess().Output);

    [Theory]
    [InlineData(80, false)]
    [InlineData(120, true)]
    public void TablesFitTheirConsole(int width, bool isFull)
    {
        foreach (var devices in new[] { new[] { DeviceName.Cpu }, [DeviceName.Cpu, new(DeviceKind.OpenCl)] })
        {
            using StringWriter output = new(), error = new();
            var bench = new BenchContext(new MachineLimits(1234.5, 234.5, 128), "kernelgen bench", _ => { }, TestContext.Current.CancellationToken);
            foreach (var device in devices)
            {
                foreach (var form in device == DeviceName.Cpu ? new[] { "specialised", "split-K 4", "unspecialised" } : ["specialised", "split-K 4"])
                {
                    bench.Rows.Add(new BenchRow
                    {
                        Variant = form, Form = form, Device = device, Shape = new Dictionary<string, int>(), Tokens = 65536,
                        Timing = new Timing(123456.7, 123456.7, 5), Operations = 1e9, Bytes = 1e9, MaxError = 1e-10,
                    });
                }
            }

            BenchTable.Write(new Terminal(output, error, width).Console, bench);
            Assert.Equal(isFull, output.ToString().Contains("min µs"));
            Assert.Equal(devices.Length > 1, output.ToString().Contains("÷ cpu"));
            Assert.All(output.ToString().Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, width));
            Assert.DoesNotContain('\x1b', output.ToString());
            Assert.DoesNotContain('…', output.ToString());
        }
    }

    [Fact]
    public async Task StopsWhenCancelled()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        cancellation.CancelAfter(TimeSpan.FromMilliseconds(300)); // while the machine is measured
        using StringWriter output = new(), error = new();
        var exitCode = await Cli.RunAsync(["bench", "gate", "--experts", "8", "--top-k", "2"], new Terminal(output, error), cancellation.Token);
        Assert.Equal((130, "", $"kernelgen: cancelled{Environment.NewLine}"), (exitCode, output.ToString(), error.ToString()));
    }

    [Theory]
    [InlineData("gate --experts 8", "--top-k is missing")]
    [InlineData("gate --experts 8 --top-k 9", "KG0004")]
    [InlineData("gate --experts 0 --top-k 1", "KG0003")]
    [InlineData("gate --experts 8 --top-k 2 --groups 3", "KG0005")]
    [InlineData("gate --experts 8 --top-k x", "--top-k is 'x'")]
    [InlineData("gate --experts 8 --top-k 2 --scoring tanh", "softmax or sigmoid")]
    [InlineData("gate --experts 8 --top-k 2 --hidden 8", "--hidden")]
    [InlineData("gate --experts 8 --top-k 2 --tokens 0", "--tokens is '0'")]
    [InlineData("gate --experts 8 --top-k 2 --tokens 1,,2", "--tokens")]
    [InlineData("gate --experts 8 --top-k 2 --tokens 4294967297", "--tokens")]
    [InlineData("gate --experts 4096 --top-k 2 --tokens 1048576", "--tokens is 1048576")]
    [InlineData("gate --experts 8 --top-k 2 --device opencl", "--device is 'opencl'; expected cpu, ilgpu-cpu, cuda:N or opencl:N")]
    [InlineData("gate --experts 8 --top-k 2 --device cpu,,cpu", "--device is 'cpu,,cpu'")]
    [InlineData("gate --experts 8 --top-k 2 --json /no/such/directory/x.json", "--json")]
    [InlineData("moe --experts 8 --top-k 2 --hidden 8 --intermediate 8 --split-k 9", "KG0010")]
    [InlineData("moe --experts 8 --top-k 2 --hidden 8 --intermediate 8 --split-k 1,9", "KG0010")]
    [InlineData("moe --experts 8 --top-k 2 --hidden 8 --intermediate 8 --split-k x", "--split-k is 'x'")]
    [InlineData("moe --experts 4096 --top-k 2 --hidden 65536 --intermediate 65536", "this machine has")]
    [InlineData("moe --experts 8 --top-k 2 --hidden 70000 --intermediate 8", "KG0003")]
    [InlineData("moe --experts 8 --top-k 2 --hidden 8 --intermediate 8 --activation tanh", "--activation is 'tanh'; expected silu or gelu")]
    [InlineData("moe --experts 8 --top-k 2 --hidden 8 --intermediate 8 --activation swiglu-clamp", "KG0015")]
    [InlineData("moe --experts 8 --top-k 2 --hidden 8 --intermediate 8 --activation-limit x", "--activation-limit")]
    [InlineData("tile --experts 8", "--experts")]
    [InlineData("omni --per-axis 8", "--top-k is missing")]
    [InlineData("omni --per-axis 3 --top-k 10", "KG0004")]
    [InlineData("omni --per-axis 4097 --top-k 1", "KG0003")]
    [InlineData("omni --per-axis 8 --top-k 2 --experts 64", "--experts")]
    [InlineData("omni --per-axis 4096 --top-k 2 --tokens 1048576", "--tokens is 1048576")]
    [InlineData("attention", "'attention' is not a command; expected gate, moe, omni or tile")]
    [InlineData("", "a command is missing")]
    public async Task RejectsMistakes(string args, string message) =>
        (await ToolRun.Of(["bench", .. args.Split(' ', StringSplitOptions.RemoveEmptyEntries)])).AssertFailure(2, message);

    private static JsonElement[] AssertReport(JsonElement report, string command)
    {
        Assert.InRange(report.GetProperty("date").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow);
        var machine = report.GetProperty("machine");
        Assert.NotEqual("", machine.GetProperty("cpu").GetString());
        Assert.Equal(Environment.ProcessorCount, machine.GetProperty("cores").GetInt32());
        Assert.True(machine.GetProperty("gflops").GetDouble() > 0);
        Assert.True(machine.GetProperty("gigabytesPerSecond").GetDouble() > 0);
        var rows = report.GetProperty("rows").EnumerateArray().ToArray();
        foreach (var row in rows)
        {
            Assert.Equal("cpu", row.GetProperty("device").GetString());
            Assert.Equal(command, row.GetProperty("command").GetString());
            Assert.InRange(row.GetProperty("minUs").GetDouble(), double.Epsilon, row.GetProperty("medianUs").GetDouble());
            Assert.True(row.GetProperty("gigabytesPerSecond").GetDouble() > 0);
            Assert.InRange(row.GetProperty("maxError").GetDouble(), 0, 1e-4);
        }

        return rows;
    }
}
