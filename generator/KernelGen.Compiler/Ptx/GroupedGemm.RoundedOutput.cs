namespace KernelGen.Compiler.Ptx;

/// <content>
/// Intermediate states that become bytes in the epilogue, where a tile has all columns of a group: the second product takes bytes and a scale for each 128 of a row. A row's
/// columns are four lanes'.
/// </content>
public sealed partial class GroupedGemm
{
    private const string LargestFloat8 = "0f43E00000"; // 448
    private const string SmallestMagnitude = "0f2EDBE6FF"; // 1e-10, as everywhere
    private const string One = "0f3F800000";

    /// <summary>Whether the first product stores bytes, and their scales to another parameter: those of the second product's inputs.</summary>
    public static bool RoundsOutput(GroupedGemmShape shape, GroupedGemmTile tile) => new GroupedGemm(shape, tile).RoundsIntermediate;

    private bool RoundsIntermediate => CopiesBlockScales && StoresActivated && OutputColumns(_tile.BlockN) == ByteGroup;

    /// <summary>A row's results of a thread; 2·<see cref="StoredTiles"/> of them are neighbours.</summary>
    private static string[] Results(int half) =>
    [
        .. from tile in Enumerable.Range(0, ByteGroup / 8)
           from x in Enumerable.Range(0, 2)
           select $"%{Sum(0, tile, (2 * half) + x)}",
    ];

    private void WriteRoundedRows()
    {
        _writer.Declare("b32", "largest", "others");
        _writer.Declare("b16", "pair0", "pair1");
        _writer.Declare("f32", "outputScale", "minusScale", "inverse", "rest");
        _writer.Declare("b64", "outputScales");
        _writer.Declare("pred", "storesScale");
        _writer.Code($"""
            ld.param.u64 %outputScales, [outputScales];
            cvta.to.global.u64 %outputScales, %outputScales;
            mul.wide.u32 %wide, %blockN, 4;
            add.u64 %outputScales, %outputScales, %wide;
            and.b32 %t0, %lane, 3;
            setp.eq.u32 %storesScale, %t0, 0;
            """);
        for (var half = 0; half < 2; half++)
        {
            WriteLargest(half);
            WriteOutputScale();
            WriteRoundedRow(half);
        }
    }

    /// <summary>Results take the place of their sums; the largest magnitude is that of the largest bits, of which NaN has the most.</summary>
    private void WriteLargest(int half)
    {
        _writer.Code("mov.b32 %largest, 0;");
        for (var tile = 0; tile < ByteGroup / 8; tile++)
        {
            for (var x = 0; x < 2; x++)
            {
                var element = (2 * half) + x;
                WriteResult(0, tile, element, "%value0");
                _writer.Code($"""
                    mov.f32 %{Sum(0, tile, element)}, %value0;
                    and.b32 %others, %value0, 0x7fffffff;
                    max.u32 %largest, %largest, %others;
                    """);
            }
        }

        foreach (var distance in new[] { 1, 2 })
        {
            _writer.Code($"""
                shfl.sync.bfly.b32 %others, %largest, {distance}, 0x1f, 0xffffffff;
                max.u32 %largest, %largest, %others;
                """);
        }
    }

    private void WriteOutputScale() => _writer.Code($"""
        mov.b32 %outputScale, %largest;
        setp.lt.f32 %outside, %outputScale, {SmallestMagnitude};
        selp.f32 %outputScale, {SmallestMagnitude}, %outputScale, %outside;
        div.rn.f32 %outputScale, %outputScale, {LargestFloat8};
        div.rn.f32 %inverse, {One}, %outputScale;
        neg.f32 %minusScale, %outputScale;
        """);

    private void WriteRoundedRow(int half)
    {
        // A quotient as a division rounds it: the product with the inverse, and once more that of what is left.
        var results = Results(half);
        foreach (var result in results)
        {
            _writer.Code($"""
                mul.rn.f32 %value0, {result}, %inverse;
                fma.rn.f32 %rest, %value0, %minusScale, {result};
                fma.rn.f32 {result}, %rest, %inverse, %value0;
                """);
        }

        _writer.Code($"""
            setp.ge.u32 %outside, %slot{half}, %slots;
            @%outside bra STORED{half};
            mad.wide.u32 %to, %slot{half}, {_shape.IntermediateSize}, %output;
            mad.wide.u32 %wide, %slot{half}, {_shape.IntermediateSize / ByteGroup * 4}, %outputScales;
            @%storesScale st.global.f32 [%wide], %outputScale;
            """);
        var neighbours = 2 * StoredTiles;
        for (var first = 0; first < results.Length; first += neighbours)
        {
            for (var i = 0; i < neighbours; i += 2)
            {
                _writer.Code($"cvt.rn.satfinite.e4m3x2.f32 %pair{i / 2 % 2}, {results[first + i + 1]}, {results[first + i]};");
                if (i % 4 == 2) _writer.Code($"mov.b32 %packed{i / 4}, {OpenBrace}%pair0, %pair1{CloseBrace};");
            }

            // Four lanes have neighbours of each other.
            _writer.Code($"st.global.v2.b32 [%to+{4 * first}], {OpenBrace}%packed0, %packed1{CloseBrace};");
        }

        _writer.Label($"STORED{half}");
    }
}
