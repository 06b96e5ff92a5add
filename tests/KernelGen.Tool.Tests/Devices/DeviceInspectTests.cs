namespace KernelGen.Tool.Tests;

/// <summary><c>kernelgen inspect --device</c>.</summary>
public class DeviceInspectTests
{
    private const string Experts = "--family moe --experts 8 --top-k 2 --hidden 256 --intermediate 128 --weights bf16";

    [Theory]
    [InlineData("--family gate --experts 8 --top-k 2", "class moegate_softmax_e8_k2_f32_ilgpu", "void RunWarp(")]
    [InlineData("--family omni --per-axis 24 --top-k 3", "class omnirouter_n24_k3_f32_ilgpu", "void RunBackwardWarp(")]
    [InlineData(Experts, "class fusedmoe_silu_e8_k2_h256_i128_bf16_ilgpu", "void CombineRounded(")]
    public async Task PrintsTheSpecialisedCSharp(string args, params string[] parts)
    {
        var run = (await ToolRun.Of(["inspect", .. args.Split(' '), "--device", "cuda"])).AssertSuccess();
        Assert.All(parts, part => Assert.Contains(part, run.Output));
        Assert.DoesNotContain("Static.", run.Output);
    }

    [Theory]
    [InlineData("sm_80", false)]
    [InlineData("sm_90", true)]
    public async Task PrintsThePtx(string capability, bool hasWgmma)
    {
        var ptx = (await ToolRun.Of(["inspect", .. Experts.Split(' '), "--device", $"cuda:{capability}"])).AssertSuccess().Output;
        Assert.Contains($".target {capability}{Environment.NewLine}", ptx);
        Assert.Contains("// fusedmoe_silu_e8_k2_h256_i128_bf16_ilgpu: Prepare", ptx);
        Assert.Contains("mma.sync.aligned", ptx);
        Assert.Equal(hasWgmma, ptx.Contains("wgmma.mma_async"));
    }

    [Theory]
    [InlineData("--device cuda:sm_70", "--device is 'cuda:sm_70'; expected cpu or cuda")]
    [InlineData("--device cuda --vector-bits 128", "--vector-bits is for CPU kernels")]
    [InlineData("--device cuda:sm_80 --unspecialized", "--unspecialized is for CPU kernels")]
    public async Task RejectsMistakes(string args, string message) =>
        (await ToolRun.Of(["inspect", .. Experts.Split(' '), .. args.Split(' ')])).AssertFailure(2, message);
}
