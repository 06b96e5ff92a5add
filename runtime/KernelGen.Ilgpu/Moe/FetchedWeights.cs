using System.Collections.Concurrent;
using System.ComponentModel;

namespace KernelGen.Ilgpu;

/// <summary>How a grouped GEMM has the tensor memory accelerator fetch its weights.</summary>
/// <param name="rows">Rows of the weights of all experts.</param>
/// <param name="columns">Elements of a row, of which two make one where they are bytes.</param>
/// <param name="boxRows">Rows of one request.</param>
/// <param name="cluster">Groups of a cluster.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class FetchedWeights(long rows, int columns, int boxRows, int cluster)
{
    // Far more than a model has layers. A map depends on nothing but the address, so that an old one does no harm.
    private const int MostMaps = 4096;

    private readonly ConcurrentDictionary<nint, TensorMap> _maps = new();

    /// <summary>Groups of a cluster.</summary>
    public int Cluster => cluster;

    /// <summary>The map of the weights at an address.</summary>
    internal TensorMap MapOf(nint weights)
    {
        if (_maps.TryGetValue(weights, out var map)) return map;
        if (_maps.Count >= MostMaps) _maps.Clear();
        map = TensorMap.OfWeights(weights, rows, columns, boxRows);
        _maps[weights] = map;
        return map;
    }
}
