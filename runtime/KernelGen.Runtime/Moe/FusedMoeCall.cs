using System.ComponentModel;
using System.Numerics.Tensors;

namespace KernelGen.Cpu;

/// <summary>Between a generated <c>Forward</c> and its kernel: checks the shapes, plans the tokens, lends the workspace.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class FusedMoeCall
{
    /// <summary>Most bytes of planned rows that one pass over the experts works on; more tokens take several passes.</summary>
    public const long WorkspaceLimit = 256L << 20;

    /// <summary>Checks that the tensors of a call fit each other.</summary>
    /// <param name="hidden">Hidden states [T, H].</param>
    /// <param name="hiddenSize">H of the expert weights.</param>
    /// <param name="weights">Router weights [T, k].</param>
    /// <param name="experts">Expert ids [T, k].</param>
    /// <param name="output">Result [T, H].</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or rows that are not dense.</exception>
    public static void Check(
        in ReadOnlyTensorSpan<float> hidden, int hiddenSize, in ReadOnlyTensorSpan<float> weights, in ReadOnlyTensorSpan<int> experts, in ReadOnlyTensorSpan<float> output)
    {
        TensorShape.RequireMatrix(hidden, "[T, H]", null, hiddenSize, nameof(hidden));
        var tokens = hidden.Lengths[0];
        TensorShape.RequireMatrix(weights, "[T, k]", tokens, null, nameof(weights));
        TensorShape.RequireMatrix(experts, "[T, k]", tokens, weights.Lengths[1], nameof(experts));
        TensorShape.RequireMatrix(output, "[T, H]", tokens, hiddenSize, nameof(output));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tokens, int.MaxValue / 64, nameof(hidden));
    }

    /// <summary>Describes a call to its kernel. The tensors must be pinned and checked, and stay so while the kernel runs.</summary>
    public static MoeArguments Describe<T>(
        float* hidden, nint hiddenStride, ExpertWeights<T> expertWeights, float* weights, nint weightsStride, int* experts, nint expertsStride, float* output, nint outputStride, int tokens)
        where T : unmanaged => new()
    {
        Hidden = hidden,
        HiddenStride = hiddenStride,
        Weights = weights,
        WeightsStride = weightsStride,
        Experts = experts,
        ExpertsStride = expertsStride,
        Output = output,
        OutputStride = outputStride,
        Tokens = tokens,
        Gate = expertWeights.Gate,
        Up = expertWeights.Up,
        Down = expertWeights.Down,
    };

    /// <summary>Runs <paramref name="kernel"/> on as many tokens at a time as the workspace limit allows.</summary>
    /// <param name="call">The call; its plan and workspace pointers are set here.</param>
    /// <param name="tiling">How the kernel wants its tokens cut.</param>
    /// <param name="hiddenSize">H.</param>
    /// <param name="intermediateSize">I.</param>
    /// <param name="splitK">Slices of the reduction.</param>
    /// <param name="kernel">Computes one pass.</param>
    /// <exception cref="ArgumentOutOfRangeException">An expert id is neither −1 nor one of 0 … E − 1. The output is then unchanged or partly written.</exception>
    public static void Run(MoeArguments call, in MoeTiling tiling, int hiddenSize, int intermediateSize, int splitK, delegate*<MoeArguments*, void> kernel)
    {
        var tokens = call.Tokens;
        var layout = new MoeWorkspaceLayout(tiling, hiddenSize, intermediateSize, splitK);
        var pass = layout.TokensWithin(WorkspaceLimit, tokens);
        var workspace = MoeWorkspace.Rent();
        try
        {
            for (var first = 0; first < tokens; first += pass)
            {
                var part = call;
                part.Tokens = Math.Min(pass, tokens - first);
                part.Hidden += first * call.HiddenStride;
                part.Weights += first * call.WeightsStride;
                part.Experts += first * call.ExpertsStride;
                part.Output += first * call.OutputStride;
                layout.Assign(workspace, ref part);
                kernel(&part);
            }
        }
        finally
        {
            workspace.Return();
        }
    }
}
