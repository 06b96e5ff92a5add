using KernelGen.Cpu;

namespace KernelGen.Tests;

/// <summary>How much memory calls take and keep.</summary>
public sealed unsafe class CpuWorkspaceTests
{
    private const int Tokens = 65_536;

    private static int _passes;
    private static int _tokens;

    /// <summary>Models' shapes and extremes: experts, k, H, I, slices; panels of 256-bit and 512-bit kernels.</summary>
    public static TheoryData<int, int, int, int, int> Shapes => new()
    {
        { 8, 2, 4096, 14336, 1 },
        { 256, 8, 7168, 2048, 1 },
        { 256, 8, 7168, 2048, 8 },
        { 4096, 64, 2048, 64, 1 },
        { 4096, 8, 65536, 65536, 1 },
        { 1, 1, 1, 1, 1 },
        { 2, 2, 3, 2, 2 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void APassStaysWithinTheLimit(int experts, int topK, int hidden, int intermediate, int splitK)
    {
        foreach (var lanes in new[] { 4, 8, 16 })
        {
            var layout = new ExpertsWorkspaceLayout(Tiling(experts, topK, lanes, splitK), hidden, intermediate, splitK);
            var tokens = layout.TokensWithin(ExpertsPasses.WorkspaceLimit, Tokens);
            Assert.InRange(tokens, 1, Tokens);
            Assert.InRange(layout.Bytes(tokens), 0u, (nuint)ExpertsPasses.WorkspaceLimit);
            if (tokens < Tokens) Assert.True(layout.Bytes(tokens + 1) > ExpertsPasses.WorkspaceLimit, "more tokens would have fitted");
        }
    }

    [Fact]
    public void ATokenThatNeedsMoreRunsAlone()
    {
        var layout = new ExpertsWorkspaceLayout(Tiling(64, 64, 8, 16), 65_536, 65_536, 16);
        Assert.True(layout.Bytes(1) > ExpertsPasses.WorkspaceLimit);
        Assert.Equal(1, layout.TokensWithin(ExpertsPasses.WorkspaceLimit, Tokens));
    }

    [Fact]
    public void ALongCallIsCutIntoPassesAndKeepsNoMoreThanOne()
    {
        const int TopK = 8, Hidden = 7168, Intermediate = 2048;
        var tiling = Tiling(experts: 256, TopK, lanes: 16, splitK: 1);
        var ids = Enumerable.Range(0, Tokens * TopK).Select(slot => slot * 37 % 256).ToArray();
        (_passes, _tokens) = (0, 0);
        fixed (int* experts = ids)
        {
            var call = new ExpertsArguments { Experts = experts, ExpertsStride = TopK, Tokens = Tokens };
            ExpertsPasses.Run(call, tiling, Hidden, Intermediate, splitK: 1, &Pass);
        }

        Assert.Equal(Tokens, _tokens);
        var tokensOfAPass = new ExpertsWorkspaceLayout(tiling, Hidden, Intermediate, 1).TokensWithin(ExpertsPasses.WorkspaceLimit, Tokens);
        Assert.Equal((Tokens + tokensOfAPass - 1) / tokensOfAPass, _passes);
        Assert.InRange(CpuWorkspace.IdleBytes, 1u, (nuint)CpuWorkspace.MaxIdleBytes);
    }

    [Fact]
    public void ConcurrentCallsLeaveNoMoreBehindThanIsAllowed()
    {
        var workspaces = Enumerable.Range(0, 40).Select(_ => CpuWorkspace.Rent()).ToArray();
        foreach (var workspace in workspaces) workspace.Reset(ExpertsPasses.WorkspaceLimit / 3); // nothing is touched, so little is committed
        foreach (var workspace in workspaces) workspace.Return();
        Assert.InRange(CpuWorkspace.IdleBytes, (nuint)(ExpertsPasses.WorkspaceLimit / 3), (nuint)CpuWorkspace.MaxIdleBytes);
    }

    private static void Pass(ExpertsArguments* part)
    {
        _passes++;
        _tokens += part->Tokens;
        part->SlotOutputs[((long)part->Tokens * 8 * 7168) - 1] = 1; // the last of the arrays reaches as far as it must
    }

    /// <summary>As the templates have it.</summary>
    private static ExpertsTiling Tiling(int experts, int topK, int lanes, int splitK) =>
        new(topK, experts, splitK == 1 ? 2 * lanes : 0, lanes, lanes == 16 ? 8 : 4, 16);
}
