namespace KernelGen.Tests;

/// <summary>What is emitted beside the rest where a compilation references ILGPU.</summary>
public sealed class IlgpuSnapshotTests
{
    private const string Router = """
        [KernelGen.OmniRouter(ExpertsPerAxis = 48, TopK = 8)]
        public static partial class Omni;
        """;

    private const string Experts = """
        [KernelGen.OmniExperts(ExpertsPerAxis = 16, TopK = 4, HiddenSize = 64)]
        public static partial class OmniExperts;
        """;

    [Theory]
    [InlineData(Router, "Omni.OmniRouter.Ilgpu.g.cs")]
    [InlineData(Router, "Omni.omnirouter_n48_k8_f32_ilgpu.g.cs")]
    [InlineData(Router, "Omni.omnirouter_n48_k8_f32_ilgpu.Kernel.g.cs")]
    [InlineData(Experts, "OmniExperts.OmniExperts.Ilgpu.g.cs")]
    [InlineData(Experts, "OmniExperts.omniexperts_n16_k4_h64_f32_ilgpu.g.cs")]
    public void With_ilgpu(string source, string file)
    {
        var project = Consumer.Of(new Consumer.Settings(ReferenceIlgpu: true), source).Generate();
        Assert.Contains(file, project.Files.Keys);
        Snapshot.Verify(file, project.Files[file]);
    }

    [Theory]
    [InlineData(Router)]
    [InlineData(Experts)]
    public void Without_ilgpu(string source) => Assert.DoesNotContain(Consumer.Of(source).Generate().Files.Keys, file => file.Contains("ilgpu", StringComparison.OrdinalIgnoreCase));
}
