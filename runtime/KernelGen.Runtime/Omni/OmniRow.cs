using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace KernelGen.Cpu;

/// <summary>
/// Routes one token of a product-key router, whatever its logits are. This is the reference definition of the kernels, and
/// their fallback for rows with ties or values that their fast arithmetic does not cover.
/// </summary>
/// <remarks>Order: +∞ above every finite score, then −∞, then NaN (as of +∞ plus −∞); among equal scores the lower id comes first.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class OmniRow
{
    /// <summary>Selects the experts of <paramref name="token"/> and writes its row of ids and scores.</summary>
    /// <param name="call">The call.</param>
    /// <param name="token">Index of the token.</param>
    /// <param name="expertsPerAxis">Number of keys per axis, n.</param>
    /// <param name="topK">Number of experts per token, k.</param>
    /// <param name="least">The k-th best score if known, which limits the search to a few rows of n sums; otherwise NaN.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Route(OmniRouterArguments* call, int token, int expertsPerAxis, int topK, float least)
    {
        var x = new ReadOnlySpan<float>(call->X + (token * call->XStride), expertsPerAxis);
        var y = new ReadOnlySpan<float>(call->Y + (token * call->YStride), expertsPerAxis);
        var scores = new Span<float>(call->Scores + (token * call->ScoresStride), topK);
        var indices = new Span<int>(call->Indices + (token * call->IndicesStride), topK);
        var highest = float.NaN;
        foreach (var value in y) highest = IsAbove(value, highest) ? value : highest;

        var count = 0;
        for (var i = 0; i < x.Length; i++)
        {
            // No sum of the row exceeds that of the highest key, unless +∞ meets −∞; then the others exceed it.
            var bound = float.IsPositiveInfinity(highest) ? highest : x[i] + highest;
            if (bound < least || (count == topK && !IsAbove(bound, scores[^1]))) continue;
            for (var j = 0; j < y.Length; j++)
            {
                var score = x[i] + y[j];
                if (score < least || (count == topK && !IsAbove(score, scores[^1]))) continue;
                var place = count < topK ? count++ : topK - 1;
                for (; place > 0 && IsAbove(score, scores[place - 1]); place--)
                    (scores[place], indices[place]) = (scores[place - 1], indices[place - 1]);
                (scores[place], indices[place]) = (score, (i * expertsPerAxis) + j);
            }
        }
    }

    private static bool IsAbove(float a, float b) => a > b || (float.IsNaN(b) && !float.IsNaN(a));
}
