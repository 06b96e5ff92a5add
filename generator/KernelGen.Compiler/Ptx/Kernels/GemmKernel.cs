namespace KernelGen.Compiler.Ptx;

/// <summary>A kind of kernel, of a shape and a tile.</summary>
internal abstract class GemmKernel(GroupedGemmShape shape, GroupedGemmTile tile)
{
    /// <summary>Threads of a thread block.</summary>
    public virtual int Threads => Tile.Threads;

    /// <summary>Bytes of dynamic shared memory of a thread block.</summary>
    public abstract int SharedBytes { get; }

    /// <summary>What the entry says of its thread blocks.</summary>
    public abstract string Directives { get; }

    /// <summary>Whether TMA fetches the weights.</summary>
    public virtual bool FetchesWeights => false;

    /// <summary>The device that the module is for.</summary>
    public virtual string Target => Tile.Chained ? "sm_90" : "sm_80";

    /// <summary>The version of PTX that has the kernel's instructions.</summary>
    public virtual string Version => "8.0";

    protected GroupedGemmShape Shape => shape;

    protected GroupedGemmTile Tile => tile;

    /// <summary>The problem of the tile, or null.</summary>
    public abstract string? Problem();

    /// <summary>The module, with an entry of a name.</summary>
    public string WriteModule(string entry)
    {
        var writer = new PtxWriter();
        Write(writer);
        return $$"""
            .version {{Version}}
            .target {{Target}}
            .address_size 64

            .extern .shared .align 1024 .b8 stageMemory[];

            .visible .entry {{entry}}(
                {{string.Join(",\n    ", Parameters.Of(shape, FetchesWeights, new GemmOutput(shape, tile).RoundsIntermediate))}})
            {{Directives}}
            {
            {{writer}}    ret;
            }

            """.Replace("\r\n", "\n");
    }

    protected abstract void Write(PtxWriter writer);
}
