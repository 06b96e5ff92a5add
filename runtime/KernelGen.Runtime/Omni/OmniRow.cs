using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace KernelGen.Cpu;

/// <summary>
/// Routes one token of a product-key router whatever its logits are: the definition that the kernels follow, and what they
/// call for rows with ties or numbers that their arithmetic does not cover.
/// </summary>
/// <remarks>Order: +∞ above every finite score, −∞ below, NaN below −∞ (so has +∞ plus −∞); among equals the lower id.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class OmniRow
{
    /// <summary>Chooses the experts of <paramref name="token"/> and writes its row of ids and scores.</summary>
    /// <param name="call">The call.</param>
    /// <param name="token">The token.</param>
    /// <param name="expertsPerAxis">Keys of an axis, n.</param>
    /// <param name="topK">Experts chosen, k.</param>
    /// <param name="least">The k-th best score if it is known, which leaves a few rows of n sums to look at; else NaN.</param>
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
            // No sum of the row is above that of the highest key; but +∞ may meet −∞, and then the others are above it.
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
