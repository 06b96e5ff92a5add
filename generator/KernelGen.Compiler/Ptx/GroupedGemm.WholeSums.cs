namespace KernelGen.Compiler.Ptx;

/// <content>What belongs to whole sums, each once: the scale of a row of weights, the router weight on the input, the bias.</content>
public sealed partial class GroupedGemm
{
    private bool HasRowScales => _shape.HasScales && _shape.GroupSize == 0;

    /// <summary>Whether sums become whole within the kernel: the phase that adds up and activates the slices of the first product does it there.</summary>
    private bool HasWholeSums => !IsGateUp || _tile.SplitK == 1;

    private bool WeightsInput => IsGateUp && _shape.RouterWeightOnInput && HasWholeSums;

    /// <summary>Whether columns have numbers of their own in whole sums.</summary>
    private bool HasColumnNumbers => (HasRowScales || _shape.Bias) && HasWholeSums;

    private void WriteWholeSums()
    {
        if (!HasColumnNumbers && !WeightsInput) return;
        _writer.Comment("Scales, router weights on the input, biases.");
        if (HasColumnNumbers)
        {
            _writer.Declare("b64", "atRow");
            _writer.Code($"""
                mad.lo.u32 %t0, %expert, {_shape.Columns}, %column;
                mul.wide.u32 %atRow, %t0, 4;
                """);
        }

        if (HasRowScales) WriteStart("scales", "rowScale");
        if (_shape.Bias)
        {
            WriteStart("biases", "bias");
            if (_tile.SplitK > 1)
            {
                _writer.Declare("pred", "isFirstSlice");
                _writer.Code("setp.eq.u32 %isFirstSlice, %slice, 0;");
            }
        }

        foreach (var (fragments, column, up) in StoredFragments(FragmentsN))
        {
            var offset = (column + (up ? _shape.IntermediateSize : 0)) * 4L;
            if (HasRowScales) WriteLoads("global.nc", "rowScale", "rowScaleFrom", offset);
            if (_shape.Bias)
            {
                WriteLoads("global.nc", "bias", "biasFrom", offset);
                for (var i = 0; i < 2 * StoredTiles && _tile.SplitK > 1; i++) _writer.Code($"selp.f32 %bias{i}, %bias{i}, 0f00000000, %isFirstSlice;");
            }

            for (var i = 0; i < fragments.Length; i++)
            {
                for (var m = 0; m < FragmentsM; m++)
                {
                    for (var x = 0; x < 4; x++) WriteWholeSum($"%{Sum(m, fragments[i], x)}", (2 * i) + (x % 2), $"%routerWeight{x / 2}");
                }
            }
        }
    }

    private void WriteWholeSum(string sum, int column, string inputWeight)
    {
        if (HasRowScales) _writer.Code($"mul.rn.f32 {sum}, {sum}, %rowScale{column};");
        if (WeightsInput) _writer.Code($"mul.rn.f32 {sum}, {sum}, {inputWeight};");
        if (_shape.Bias) _writer.Code($"add.rn.f32 {sum}, {sum}, %bias{column};");
    }

    private void WriteStart(string parameter, string register)
    {
        _writer.Declare("f32", [.. Enumerable.Range(0, 2 * StoredTiles).Select(i => $"{register}{i}")]);
        _writer.Declare("b64", $"{register}From");
        _writer.Code($"""
            ld.param.u64 %{register}From, [{parameter}];
            cvta.to.global.u64 %{register}From, %{register}From;
            add.u64 %{register}From, %{register}From, %atRow;
            """);
    }

}
