using KernelGen.Testing;

namespace KernelGen.Tool.Tests;

/// <summary><c>kernelgen variants</c> and <c>kernelgen inspect</c>.</summary>
public class VariantsAndInspectTests
{
    private static readonly string ThisAssembly = typeof(VariantsAndInspectTests).Assembly.Location;

    [Fact]
    public async Task ListsWhatAnAssemblyDeclares()
    {
        var run = (await ToolRun.Of("variants", ThisAssembly)).AssertSuccess();
        Assert.Equal(
            """
            moegate_sigmoid_bias_g8x4_norenorm_e256_k8_f32_cpu
                [MoeGate(Experts = 256, TopK = 8, Scoring = GateScoring.Sigmoid, CorrectionBias = true, Groups = 8, TopKGroups = 4, Renormalize = false)] KernelGen.Tool.Tests.Outer.Declared
            moegate_softmax_e8_k2_f32_cpu
                [MoeGate(Experts = 8, TopK = 2)] KernelGen.Tool.Tests.Outer.Declared
            fusedmoe_swiglu_clamp7p5_e8_k2_h64_i32_f32_bias_oninput_cpu
                [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, Activation = MoeActivation.SwigluClamp, ActivationLimit = 7.5f, Bias = true, RouterWeightOnInput = true)] KernelGen.Tool.Tests.Outer.Declared
            fusedmoe_silu_e8_k2_h64_i32_bf16_cpu
                [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, WeightType = DType.BFloat16)] KernelGen.Tool.Tests.Outer.Declared
            fusedmoe_silu_e8_k2_h64_i32_bf16_splitk4_cpu
                [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, WeightType = DType.BFloat16, SplitK = new[] { 4 })] KernelGen.Tool.Tests.Outer.Declared
            omnirouter_n48_k8_f32_cpu
                [OmniRouter(ExpertsPerAxis = 48, TopK = 8)] KernelGen.Tool.Tests.Outer.Declared

            """,
            run.Output,
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public async Task SaysWhenThereIsNothingToList() =>
        Assert.Contains("declares no kernels", (await ToolRun.Of("variants", typeof(SeededRandom).Assembly.Location)).AssertSuccess().Output);

    [Fact]
    public async Task RejectsWhatIsNoAssembly()
    {
        (await ToolRun.Of("variants")).AssertFailure(2, "variants");
        (await ToolRun.Of("variants", "")).AssertFailure(2, "ASSEMBLY");
        (await ToolRun.Of("variants", GoldenFiles.Root)).AssertFailure(2, "is a directory");
        (await ToolRun.Of("variants", GoldenFiles.Path("absent.dll"))).AssertFailure(2, "absent.dll");
        (await ToolRun.Of("variants", GoldenFiles.Path("README.md"))).AssertFailure(2, "README.md", "no .NET assembly");
    }

    [Fact]
    public void DamagedAssembliesNeverCrashTheReader()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("damaged.dll");
        var random = new SeededRandom();
        var image = File.ReadAllBytes(ThisAssembly);
        for (var trial = 0; trial < 300; trial++)
        {
            var damaged = image[..random.Int(image.Length / 2, image.Length)];
            for (var flips = random.Int(1, 40); flips > 0; flips--) damaged[random.Int(0, damaged.Length - 1)] = (byte)random.Int(0, 255);
            File.WriteAllBytes(path, damaged);
            var failure = Record.Exception(() => DeclaredVariants.Read(path));
            Assert.True(failure is null or UsageException, $"{random.Description}, trial {trial}: {failure}");
        }
    }

    [Theory]
    [InlineData("--family gate --experts 8 --top-k 2 --vector-bits 256", "moegate_softmax_e8_k2_f32_cpu", "Vector256<")]
    [InlineData("--family omni --per-axis 48 --top-k 8 --vector-bits 256", "omnirouter_n48_k8_f32_cpu", "Vector256<")]
    [InlineData("--family moe --experts 4 --top-k 2 --hidden 64 --intermediate 48 --vector-bits 512", "fusedmoe_silu_e4_k2_h64_i48_f32_cpu", "Vector512<")]
    [InlineData("--family moe --experts 4 --top-k 2 --hidden 64 --intermediate 48 --activation swiglu-oai --expert-bias --router-weight-on-input", "fusedmoe_swiglu_oai_e4_k2_h64_i48_f32_bias_oninput_cpu", "1.702f")]
    [InlineData("--family moe --experts 4 --top-k 2 --hidden 64 --intermediate 48 --weights bf16 --split-k 4 --vector-bits 128", "_bf16_splitk4_cpu", "Vector128<")]
    public async Task PrintsTheSpecialisedSource(string args, params string[] parts)
    {
        var run = (await ToolRun.Of(["inspect", .. args.Split(' ')])).AssertSuccess();
        Assert.All(parts, part => Assert.Contains(part, run.Output));
        Assert.DoesNotContain("Static.", run.Output);
    }

    [Fact]
    public async Task PrintsTheTemplateUnspecialised() => Assert.Contains(
        "Static.Range", (await ToolRun.Of("inspect", "--family", "gate", "--experts", "384", "--top-k", "6", "--unspecialized")).AssertSuccess().Output);

    [Theory]
    [InlineData("--family attention", "gate or moe or omni")]
    [InlineData("--family omni --top-k 2", "--per-axis is missing")]
    [InlineData("--family omni --per-axis 8 --top-k 2 --experts 64", "--experts does not belong to --family omni")]
    [InlineData("--family gate --experts 8 --top-k 2 --per-axis 8", "--per-axis does not belong to --family gate")]
    [InlineData("--experts 8 --top-k 2", "--family")]
    [InlineData("--family gate --top-k 2", "--experts is missing")]
    [InlineData("--family moe --experts 8 --top-k 2", "--hidden is missing")]
    [InlineData("--family gate --experts 8 --top-k 2 --hidden 8", "--hidden does not belong to --family gate")]
    [InlineData("--family moe --experts 8 --top-k 2 --hidden 8 --intermediate 8 --bias", "--bias does not belong")]
    [InlineData("--family gate --experts 8 --top-k 2 --vector-bits 64", "--vector-bits is '64'")]
    [InlineData("--family gate --experts 8 --top-k 2 --vector-bits 512", "--vector-bits is 512; this family's kernels have 128 or 256")]
    public async Task RejectsMistakes(string args, string message) => (await ToolRun.Of(["inspect", .. args.Split(' ')])).AssertFailure(2, message);

    [Theory]
    [InlineData("", "a command is missing; expected run, bench, tune, variants, inspect or report")]
    [InlineData("trun", "'trun' is not a command")]
    [InlineData("@file", "'@file' is not a command")]
    public async Task NamesTheCommands(string args, string message) =>
        (await ToolRun.Of(args.Split(' ', StringSplitOptions.RemoveEmptyEntries))).AssertFailure(2, message);

    [Theory]
    [InlineData("run")]
    [InlineData("bench gate")]
    [InlineData("inspect")]
    public async Task ShowsHelp(string verb) => Assert.Contains("Usage:", (await ToolRun.Of([.. verb.Split(' '), "--help"])).AssertSuccess().Output);
}

/// <summary>Surroundings of a declaration.</summary>
internal static class Outer
{
    /// <summary>Declares kernels as a user does; without the generator nothing is made of it.</summary>
    [MoeGate(Experts = 256, TopK = 8, Scoring = GateScoring.Sigmoid, CorrectionBias = true, Groups = 8, TopKGroups = 4, Renormalize = false)]
    [MoeGate(Experts = 8, TopK = 2)]
    [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, Activation = MoeActivation.SwigluClamp, ActivationLimit = 7.5f, Bias = true, RouterWeightOnInput = true)]
    [FusedMoe(Experts = 8, TopK = 2, HiddenSize = 64, IntermediateSize = 32, WeightType = DType.BFloat16, SplitK = [1, 4])]
    [OmniRouter(ExpertsPerAxis = 48, TopK = 8)]
    internal static class Declared;
}
