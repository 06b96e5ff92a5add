namespace KernelGen.Compiler.Ptx;

/// <summary>Weights that TMA fetches into a stage.</summary>
internal sealed class TensorMap(PtxWriter writer, BarrierRing ring)
{
    private readonly B32 _zero = writer.B32("zero");
    private readonly B64 _map = writer.B64("map");

    /// <summary>The first of all places.</summary>
    public B32 Zero => _zero;

    /// <summary>Finds the map.</summary>
    public void WriteSetup() => writer.Code($"""
        mov.u32 {_zero}, 0;
        mov.b64 {_map}, {ExpertGemmParameter.Weights.Text()};
        cvta.param.u64 {_map}, {_map};
        """);

    /// <summary>Fetches a box of rows.</summary>
    /// <param name="condition">What stands before the instruction.</param>
    /// <param name="to">Where to.</param>
    /// <param name="place">The element and the places of the four dimensions of rows.</param>
    /// <param name="bothGroups">For both thread blocks of a cluster: which they are.</param>
    public void WriteFetch(string condition, B32 to, B32[] place, B16? bothGroups = null) => writer.Code(
        $"{condition}cp.async.bulk.tensor.5d.shared::cluster.global.mbarrier::complete_tx::bytes{(bothGroups is null ? "" : ".multicast::cluster")} [{to}], [{_map}, {Vector.Of(place)}], [{ring.Full}]{(bothGroups is null ? "" : $", {bothGroups}")};");
}
