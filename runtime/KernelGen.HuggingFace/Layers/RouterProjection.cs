using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using KernelGen.Cpu;

namespace KernelGen.HuggingFace;

/// <summary>A small fp32 projection [rows, H] of hidden states, optionally with a bias: a router, or a shared expert's gate.</summary>
internal sealed unsafe class RouterProjection
{
    // Tokens and rows of a work item: both fit the caches closest to a core.
    private const int TokensPerItem = 16;
    private const int RowsPerItem = 8;

    private readonly float[] _weight;
    private readonly float[]? _bias;
    private readonly int _columns;

    public RouterProjection(SafetensorsTensor weight, SafetensorsTensor? bias = null)
    {
        _weight = weight.ReadSingles();
        _bias = bias?.ReadSingles();
        (Rows, _columns) = ((int)weight.Shape[0], (int)weight.Shape[1]);
    }

    /// <summary>Number of results per token.</summary>
    public int Rows { get; }

    /// <summary>Requires [T, H] with dense rows.</summary>
    public static void RequireHidden(in ReadOnlyTensorSpan<float> hidden, int columns)
    {
        if (hidden.Rank != 2 || hidden.Lengths[1] != columns)
            throw new ArgumentException($"hidden has shape [{string.Join(", ", hidden.Lengths.ToArray())}]; expected [T, H] = [T, {columns}]", nameof(hidden));
        if (columns > 1 && hidden.Strides[1] != 1)
            throw new ArgumentException($"hidden has column stride {hidden.Strides[1]}; its rows must be dense (stride 1)", nameof(hidden));
    }

    /// <summary>results [T, rows] = hidden [T, H] · weightᵀ + bias.</summary>
    public void Compute(ReadOnlyTensorSpan<float> hidden, Span<float> results, CancellationToken cancellation)
    {
        using var scope = new CancellationScope(cancellation);
        RequireHidden(hidden, _columns);
        var tokens = checked((int)hidden.Lengths[0]);
        fixed (float* hiddenStart = &hidden.GetPinnableReference(), weightStart = _weight, biasStart = _bias, resultStart = results)
        {
            var work = new Work
            {
                Hidden = hiddenStart,
                HiddenStride = hidden.Strides[0],
                Weight = weightStart,
                Bias = biasStart,
                Results = resultStart,
                Tokens = tokens,
                Rows = Rows,
                Columns = _columns,
                RowItems = (Rows + RowsPerItem - 1) / RowsPerItem,
            };
            CpuWorkers.Run(&work, checked((int)(((tokens + (TokensPerItem - 1L)) / TokensPerItem) * work.RowItems)), &RunItem);
        }
    }

    private static void RunItem(void* context, int item)
    {
        var work = (Work*)context;
        var firstToken = item / work->RowItems * TokensPerItem;
        var firstRow = item % work->RowItems * RowsPerItem;
        var endToken = Math.Min(firstToken + TokensPerItem, work->Tokens);
        var endRow = Math.Min(firstRow + RowsPerItem, work->Rows);
        for (var token = firstToken; token < endToken; token++)
        {
            var hidden = new ReadOnlySpan<float>(work->Hidden + (token * work->HiddenStride), work->Columns);
            for (var row = firstRow; row < endRow; row++)
            {
                var weight = new ReadOnlySpan<float>(work->Weight + ((nint)row * work->Columns), work->Columns);
                work->Results[((nint)token * work->Rows) + row] = TensorPrimitives.Dot(hidden, weight) + (work->Bias is null ? 0f : work->Bias[row]);
            }
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Work
    {
        public float* Hidden;
        public nint HiddenStride;
        public float* Weight;
        public float* Bias;
        public float* Results;
        public int Tokens;
        public int Rows;
        public int Columns;
        public int RowItems;
    }
}
