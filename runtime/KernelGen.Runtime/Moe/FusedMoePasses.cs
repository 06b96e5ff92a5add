using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>Cuts a call into passes whose workspace is bounded, and plans each of them.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class FusedMoePasses
{
    /// <summary>Most bytes of workspace of one pass, unless a single token needs more; a call with more tokens takes several passes.</summary>
    public const int WorkspaceLimit = 256 << 20;

    /// <summary>Runs <paramref name="pass"/> on as many tokens at a time as <see cref="WorkspaceLimit"/> allows.</summary>
    /// <param name="call">The whole call.</param>
    /// <param name="tiling">How the kernel wants its tokens cut.</param>
    /// <param name="hiddenSize">H.</param>
    /// <param name="intermediateSize">I.</param>
    /// <param name="splitK">Slices of the reduction.</param>
    /// <param name="pass">Computes one pass, whose plan and workspace are set.</param>
    /// <exception cref="ArgumentOutOfRangeException">An expert id is neither −1 nor one of 0 … E − 1.</exception>
    public static void Run(in MoeArguments call, in MoeTiling tiling, int hiddenSize, int intermediateSize, int splitK, delegate*<MoeArguments*, void> pass)
    {
        var layout = new MoeWorkspaceLayout(tiling, hiddenSize, intermediateSize, splitK);
        var tokensAtATime = layout.TokensWithin(WorkspaceLimit, call.Tokens);
        var workspace = MoeWorkspace.Rent();
        try
        {
            for (var first = 0; first < call.Tokens; first += tokensAtATime)
            {
                var part = call;
                part.Tokens = Math.Min(tokensAtATime, call.Tokens - first);
                part.Hidden += first * call.HiddenStride;
                part.Weights += first * call.WeightsStride;
                part.Experts += first * call.ExpertsStride;
                part.Output += first * call.OutputStride;
                layout.Assign(workspace, ref part);
                pass(&part);
            }
        }
        finally
        {
            workspace.Return();
        }
    }
}
