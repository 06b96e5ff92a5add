using System.Numerics.Tensors;
using KernelGen.Cpu;

namespace KernelGen.Benchmarks;

/// <summary>
/// The gate as a careful C# programmer writes it: scores by TensorPrimitives over whole rows, top-k by insertion into a short
/// sorted list, tokens in parallel. The baseline.
/// </summary>
internal static class TensorPrimitivesGate
{
    public static void Route(GateShape shape, float[] logits, float[] bias, float[] weights, int[] experts, float factor)
    {
        var tokens = logits.Length / shape.Experts;
        if (tokens < 64) RouteRange(shape, logits, bias, weights, experts, factor, 0, tokens);
        else
        {
            var parts = Environment.ProcessorCount;
            Parallel.For(0, parts, part =>
                RouteRange(shape, logits, bias, weights, experts, factor, (int)((long)tokens * part / parts), (int)((long)tokens * (part + 1) / parts)));
        }
    }

    private static void RouteRange(GateShape shape, float[] logits, float[] bias, float[] weights, int[] experts, float factor, int begin, int end)
    {
        Span<float> scores = stackalloc float[shape.Experts];
        Span<float> keys = stackalloc float[shape.Experts];
        Span<float> best = stackalloc float[shape.TopK];
        for (var token = begin; token < end; token++)
        {
            var row = logits.AsSpan(token * shape.Experts, shape.Experts);
            if (shape.Scoring == GateScoring.Sigmoid) TensorPrimitives.Sigmoid(row, scores);
            else if (shape.Scoring == GateScoring.SqrtSoftplus) SqrtSoftplus(row, scores, keys);
            else TensorPrimitives.SoftMax(row, scores);
            if (shape.CorrectionBias) TensorPrimitives.Add(scores, bias, keys);
            else scores.CopyTo(keys);
            if (shape.Groups > 1) CloseGroups(shape, keys);

            var ids = experts.AsSpan(token * shape.TopK, shape.TopK);
            TopK(keys, best, ids);
            var chosen = weights.AsSpan(token * shape.TopK, shape.TopK);
            for (var rank = 0; rank < chosen.Length; rank++) chosen[rank] = scores[ids[rank]];
            TensorPrimitives.Multiply(chosen, shape.Renormalize ? factor / (TensorPrimitives.Sum<float>(chosen) + 1e-20f) : factor, chosen);
        }
    }

    /// <summary>√(max(x, 0) + ln(1 + e^−|x|)).</summary>
    private static void SqrtSoftplus(ReadOnlySpan<float> logits, Span<float> scores, Span<float> scratch)
    {
        TensorPrimitives.Abs(logits, scores);
        TensorPrimitives.Negate(scores, scores);
        TensorPrimitives.Exp(scores, scores);
        TensorPrimitives.LogP1(scores, scores);
        TensorPrimitives.Max(logits, 0f, scratch);
        TensorPrimitives.Add(scores, scratch, scores);
        TensorPrimitives.Sqrt(scores, scores);
    }

    private static void TopK(ReadOnlySpan<float> keys, Span<float> best, Span<int> ids)
    {
        best.Fill(float.NegativeInfinity);
        ids.Clear();
        for (var e = 0; e < keys.Length; e++)
        {
            var key = keys[e];
            if (!(key > best[^1])) continue;
            var place = best.Length - 1;
            for (; place > 0 && key > best[place - 1]; place--) (best[place], ids[place]) = (best[place - 1], ids[place - 1]);
            (best[place], ids[place]) = (key, e);
        }
    }

    private static void CloseGroups(GateShape shape, Span<float> keys)
    {
        var size = shape.Experts / shape.Groups;
        Span<float> scores = stackalloc float[shape.Groups];
        for (var group = 0; group < shape.Groups; group++)
        {
            var (first, second) = (float.NegativeInfinity, float.NegativeInfinity);
            foreach (var key in keys.Slice(group * size, size))
            {
                if (key > first) (first, second) = (key, first);
                else if (key > second) second = key;
            }

            scores[group] = shape.CorrectionBias && size > 1 ? first + second : first;
        }

        Span<float> best = stackalloc float[shape.TopKGroups];
        Span<int> kept = stackalloc int[shape.TopKGroups];
        TopK(scores, best, kept);
        for (var group = 0; group < shape.Groups; group++)
        {
            if (!kept.Contains(group)) keys.Slice(group * size, size).Fill(float.NegativeInfinity);
        }
    }
}
