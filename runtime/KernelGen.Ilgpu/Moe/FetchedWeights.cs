using System.Collections.Concurrent;
using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>How a grouped GEMM has the tensor memory accelerator fetch its weights.</summary>
/// <param name="columns">Elements of a row, of which two make one where they are bytes.</param>
/// <param name="cluster">Groups of a cluster.</param>
/// <param name="rows">The rows of all experts, in the four dimensions in which a request runs through them.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class FetchedWeights(int columns, int cluster, params FetchedRows[] rows)
{
    // Far more than a model has layers. A map depends on nothing but the address, so that an old one does no harm.
    private const int MaxMaps = 4096;

    private readonly ConcurrentDictionary<nint, TensorMap> _maps = new();

    /// <summary>Groups of a cluster.</summary>
    public int Cluster => cluster;

    /// <summary>The map of the weights at an address.</summary>
    internal TensorMap MapOf(nint weights)
    {
        if (_maps.TryGetValue(weights, out var map)) return map;
        if (_maps.Count >= MaxMaps) _maps.Clear();
        map = TensorMap.OfWeights(weights, columns, rows);
        _maps[weights] = map;
        return map;
    }
}

/// <summary>A dimension of rows as the tensor memory accelerator sees them.</summary>
/// <param name="Length">How long it is.</param>
/// <param name="Stride">Rows from one place to the next.</param>
/// <param name="Box">Places of one request.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct FetchedRows(long Length, long Stride, int Box);
