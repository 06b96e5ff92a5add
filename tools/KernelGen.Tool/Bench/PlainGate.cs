using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using KernelGen.Cpu;

namespace KernelGen.Tool;

/// <summary>
/// A hand-written gate: TensorPrimitives for the scores, insertion into a short sorted list for the top-k,
/// with the tokens distributed over the threads. The baseline of <c>kernelgen bench gate</c>.
/// </summary>
internal sealed unsafe class PlainGate(GateShape shape)
{
    private const int LogitsPerItem = 16 * 1024; // as the specialised gate divides its work

    [ThreadStatic]
    private static float[]? _scratch;

    /// <summary>As <see cref="GateRoute{TLogit}"/>; all tensors are dense.</summary>
    public void Route(
        ReadOnlyTensorSpan<float> logits, ReadOnlySpan<float> correctionBias, TensorSpan<float> weights, TensorSpan<int> experts,
        float routedScalingFactor, int nonPaddedTokens, CancellationToken cancellation)
    {
        using var scope = new CancellationScope(cancellation);
        var tokensPerItem = Math.Max(1, LogitsPerItem / shape.Experts);
        fixed (float* logitsStart = &logits.GetPinnableReference(), biasStart = correctionBias, weightsStart = &weights.GetPinnableReference())
        fixed (int* expertsStart = &experts.GetPinnableReference())
        {
            var work = new Work
            {
                Shape = shape,
                Logits = logitsStart,
                Bias = biasStart,
                Weights = weightsStart,
                Experts = expertsStart,
                Scale = routedScalingFactor,
                Tokens = (int)logits.Lengths[0],
                TokensPerItem = tokensPerItem,
            };
            CpuWorkers.Run(&work, (work.Tokens + tokensPerItem - 1) / tokensPerItem, &RunItem);
        }
    }

    private static void RunItem(void* context, int item)
    {
        var work = (Work*)context;
        var (e, k) = (work->Shape.Experts, work->Shape.TopK);
        if (_scratch is null || _scratch.Length < 2 * e) _scratch = new float[2 * e];
        var bias = new ReadOnlySpan<float>(work->Bias, work->Shape.CorrectionBias ? e : 0);
        var end = Math.Min((item + 1) * work->TokensPerItem, work->Tokens);
        for (var token = item * work->TokensPerItem; token < end; token++)
        {
            RouteToken(
                work->Shape, new ReadOnlySpan<float>(work->Logits + ((nint)token * e), e), bias, work->Scale,
                _scratch.AsSpan(0, e), _scratch.AsSpan(e, e),
                new Span<float>(work->Weights + ((nint)token * k), k), new Span<int>(work->Experts + ((nint)token * k), k));
        }
    }

    private static void RouteToken(
        in GateShape shape, ReadOnlySpan<float> logits, ReadOnlySpan<float> bias, float scale, Span<float> scores, Span<float> keys, Span<float> weights, Span<int> experts)
    {
        if (shape.Scoring == GateScoring.Sigmoid) TensorPrimitives.Sigmoid(logits, scores);
        else if (shape.Scoring == GateScoring.SqrtSoftplus) SqrtSoftplus(logits, scores, keys);
        else TensorPrimitives.SoftMax(logits, scores);

        if (bias.IsEmpty) scores.CopyTo(keys);
        else TensorPrimitives.Add(scores, bias, keys);
        if (shape.Groups > 1) MaskGroups(shape, keys);

        TakeBest(keys, weights, experts);
        for (var j = 0; j < experts.Length; j++) weights[j] = scores[experts[j]];
        if (shape.Renormalize) TensorPrimitives.Divide(weights, TensorPrimitives.Sum<float>(weights) + 1e-20f, weights);
        if (scale != 1f) TensorPrimitives.Multiply(weights, scale, weights);
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

    private static void MaskGroups(in GateShape shape, Span<float> keys)
    {
        var size = keys.Length / shape.Groups;
        Span<float> scores = stackalloc float[shape.Groups];
        Span<float> kept = stackalloc float[shape.TopKGroups];
        Span<int> best = stackalloc int[shape.TopKGroups];
        Span<float> two = stackalloc float[2];
        Span<int> ignored = stackalloc int[2];
        for (var group = 0; group < shape.Groups; group++)
        {
            var members = keys.Slice(group * size, size);
            if (!shape.CorrectionBias || size == 1)
            {
                scores[group] = TensorPrimitives.Max<float>(members);
                continue;
            }

            TakeBest(members, two, ignored);
            scores[group] = two[0] + two[1];
        }

        TakeBest(scores, kept, best);
        for (var group = 0; group < shape.Groups; group++)
        {
            if (!best.Contains(group)) keys.Slice(group * size, size).Fill(float.NegativeInfinity);
        }
    }

    /// <summary>The largest values in descending order; among equal values, the first comes first.</summary>
    private static void TakeBest(ReadOnlySpan<float> values, Span<float> best, Span<int> indices)
    {
        var count = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var value = values[i];
            if (count == best.Length && value <= best[^1]) continue;
            var place = count < best.Length ? count++ : count - 1;
            for (; place > 0 && best[place - 1] < value; place--) (best[place], indices[place]) = (best[place - 1], indices[place - 1]);
            (best[place], indices[place]) = (value, i);
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Work
    {
        public GateShape Shape;
        public float* Logits;
        public float* Bias;
        public float* Weights;
        public int* Experts;
        public float Scale;
        public int Tokens;
        public int TokensPerItem;
    }
}
