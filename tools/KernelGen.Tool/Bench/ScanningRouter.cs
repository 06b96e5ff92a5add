using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KernelGen.Cpu;

namespace KernelGen.Tool;

/// <summary>
/// A product-key router that forms all n² sums with vectors and inserts those above the current k-th best into a short sorted
/// list, with the tokens distributed over the threads. The baseline of <c>kernelgen bench omni</c>.
/// </summary>
internal static unsafe class ScanningRouter
{
    private const int Lanes = 8;

    /// <summary>As <see cref="OmniRoute"/>; all tensors are dense.</summary>
    public static void Route(ReadOnlyTensorSpan<float> x, ReadOnlyTensorSpan<float> y, TensorSpan<float> scores, TensorSpan<int> indices, CancellationToken cancellation)
    {
        using var scope = new CancellationScope(cancellation);
        fixed (float* xStart = &x.GetPinnableReference(), yStart = &y.GetPinnableReference(), scoresStart = &scores.GetPinnableReference())
        fixed (int* indicesStart = &indices.GetPinnableReference())
        {
            var work = new Work { X = xStart, Y = yStart, Scores = scoresStart, Indices = indicesStart, N = (int)x.Lengths[1], K = (int)scores.Lengths[1] };
            CpuWorkers.Run(&work, (int)x.Lengths[0], &RouteToken);
        }
    }

    private static void RouteToken(void* context, int token)
    {
        var work = (Work*)context;
        var (n, k) = (work->N, work->K);
        float* x = work->X + ((nint)token * n), y = work->Y + ((nint)token * n), scores = work->Scores + ((nint)token * k);
        var indices = work->Indices + ((nint)token * k);
        new Span<float>(scores, k).Fill(float.NegativeInfinity);
        var worst = Vector256.Create(scores[k - 1]);
        for (var i = 0; i < n; i++)
        {
            var key = Vector256.Create(x[i]);
            var j = 0;
            for (; j <= n - (4 * Lanes); j += 4 * Lanes)
            {
                var hits = Hits(key, y + j, worst) | Hits(key, y + j + Lanes, worst) | Hits(key, y + j + (2 * Lanes), worst) | Hits(key, y + j + (3 * Lanes), worst);
                if (hits.ExtractMostSignificantBits() == 0) continue; // the usual case
                for (var column = j; column < j + (4 * Lanes); column++) Insert(scores, indices, k, x[i] + y[column], (i * n) + column);
                worst = Vector256.Create(scores[k - 1]);
            }

            for (; j < n; j++) Insert(scores, indices, k, x[i] + y[j], (i * n) + j);
        }
    }

    private static Vector256<float> Hits(Vector256<float> key, float* y, Vector256<float> worst) =>
        Vector256.GreaterThan(key + Vector256.Load(y), worst);

    private static void Insert(float* scores, int* indices, int k, float score, int id)
    {
        if (!(score > scores[k - 1])) return;
        var place = k - 1;
        for (; place > 0 && score > scores[place - 1]; place--) (scores[place], indices[place]) = (scores[place - 1], indices[place - 1]);
        (scores[place], indices[place]) = (score, id);
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Work
    {
        public float* X;
        public float* Y;
        public float* Scores;
        public int* Indices;
        public int N;
        public int K;
    }
}
