using System.ComponentModel;

namespace KernelGen.Cpu;

/// <summary>Splits a call into passes with a bounded workspace, and plans each of them.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class ExpertsPasses
{
    /// <summary>Maximum workspace of a pass in bytes, unless a single token needs more. A call with more tokens takes several passes.</summary>
    public const int WorkspaceLimit = 256 << 20;

    /// <summary>Runs <paramref name="pass"/> on as many tokens at a time as <see cref="WorkspaceLimit"/> allows.</summary>
    /// <param name="call">The whole call.</param>
    /// <param name="tiling">How the kernel divides its tokens.</param>
    /// <param name="hiddenSize">H.</param>
    /// <param name="intermediateSize">I.</param>
    /// <param name="splitK">Number of Split-K slices.</param>
    /// <param name="pass">Computes one pass with the given plan and workspace.</param>
    /// <exception cref="ArgumentOutOfRangeException">An expert id is neither −1 nor within 0 … E − 1.</exception>
    public static void Run(in ExpertsArguments call, in ExpertsTiling tiling, int hiddenSize, int intermediateSize, int splitK, delegate*<ExpertsArguments*, void> pass)
    {
        var layout = new ExpertsWorkspaceLayout(tiling, hiddenSize, intermediateSize, splitK);
        var tokensAtATime = layout.TokensWithin(WorkspaceLimit, call.Tokens);
        var workspace = CpuWorkspace.Rent();
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
