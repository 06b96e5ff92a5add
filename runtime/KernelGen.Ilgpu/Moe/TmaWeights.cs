using System.Collections.Concurrent;
using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>How a grouped GEMM loads its weights by TMA.</summary>
/// <param name="columns">Elements per row; two bytes count as one element.</param>
/// <param name="cluster">Thread blocks per cluster.</param>
/// <param name="rows">The rows of all experts, in the four dimensions that a request traverses.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TmaWeights(int columns, int cluster, params TmaRows[] rows)
{
    // Far more than a model has layers. A map depends only on the address, so a stale one does no harm.
    private const int MaxMaps = 4096;

    private readonly ConcurrentDictionary<nint, TensorMap> _maps = new();

    /// <summary>Thread blocks per cluster.</summary>
    public int Cluster => cluster;

    /// <summary>Returns the tensor map of the weights at an address.</summary>
    internal TensorMap MapOf(nint weights)
    {
        if (_maps.TryGetValue(weights, out var map)) return map;
        if (_maps.Count >= MaxMaps) _maps.Clear();
        map = TensorMap.OfWeights(weights, columns, rows);
        _maps[weights] = map;
        return map;
    }
}

/// <summary>One dimension of rows in a tensor map.</summary>
/// <param name="Length">Length of the dimension.</param>
/// <param name="Stride">Distance of consecutive elements, in rows.</param>
/// <param name="Box">Number of elements per request.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct TmaRows(long Length, long Stride, int Box);
