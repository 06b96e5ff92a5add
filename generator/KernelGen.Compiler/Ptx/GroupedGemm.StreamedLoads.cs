namespace KernelGen.Compiler.Ptx;

/// <content>The loads of a kernel that streams, each into the registers that have just been read.</content>
public sealed partial class GroupedGemm
{
    /// <summary>Where the rows of eight columns start; eight gate rows and the eight up rows of the same columns take turns.</summary>
    private (string At, int Row) PlaceOf(int eight) => IsPaired ? (eight % 2 == 0 ? "atB" : "atUp", eight / 2 * 8) : ("atB", eight * 8);

    /// <summary>The weights of 16 columns. Nobody reads them again.</summary>
    private void WriteWeightLoads(int columns, int load)
    {
        for (var half = 0; half < 2; half++)
        {
            var eight = (2 * columns) + half;
            var (at, row) = PlaceOf(eight);
            WriteVectorLoad("@!%idle ld.global.nc.L1::no_allocate.L2::128B", Words(eight, load * LoadedWords, LoadedWords), $"%{at}+{(row * WeightRowBytes) + (load * ChunkBytes * LoadedWords)}");
        }
    }

    /// <summary>The activations of a unit. Other warps of the multiprocessor read them too.</summary>
    private void WriteActivationLoad(int unit, int load)
    {
        for (var slots = 0; slots < SlotFragments; slots++)
            WriteVectorLoad($"@%copies{slots} ld.global", [.. Enumerable.Range(InputWords * unit, InputWords).Select(x => $"%a{slots}_{x}")], $"%atA{slots}+{((load * LoadedElements) + (unit * UnitElements / 4)) * InputBytes}");
    }

    private void WriteScaleLoads(int group)
    {
        for (var eight = 0; eight < Eights; eight++) _writer.Code($"@!%idle ld.global.nc.f32 %scale{group}_{eight}, [%atScales+{OffsetOfColumn(group, eight) * 4}];");
    }

    private void WriteZeroPointLoads(int group)
    {
        for (var eight = 0; eight < Eights; eight++) _writer.Code($"@!%idle ld.global.nc.s8 %stored{group}_{eight}, [%atZeroPoints+{OffsetOfColumn(group, eight)}];");
    }

    private long OffsetOfColumn(int group, int eight)
    {
        var (at, row) = PlaceOf(eight);
        return ((long)group * _shape.Columns) + row + (at == "atUp" ? _shape.IntermediateSize : 0);
    }

    private static string[] Words(int eight, int first, int count) => [.. Enumerable.Range(first, count).Select(x => $"%word{eight}_{x}")];

    private void WriteVectorLoad(string load, string[] registers, string from) => _writer.Code(registers.Length == 1
        ? $"{load}.b32 {registers[0]}, [{from}];"
        : $"{load}.v{registers.Length}.b32 {OpenBrace}{string.Join(", ", registers)}{CloseBrace}, [{from}];");
}
