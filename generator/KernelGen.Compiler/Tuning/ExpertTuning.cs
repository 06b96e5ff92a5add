using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Tuning;

/// <summary>Maps declared experts to their tuning files, and a file to the variants that it selects.</summary>
public static class ExpertTuning
{
    /// <summary>The name of the file that tunes <paramref name="spec"/> on a device.</summary>
    /// <param name="spec">Declared experts.</param>
    /// <param name="deviceName">The device, as <see cref="TuningFileName.DeviceNameOf"/> writes it.</param>
    public static TuningFileName FileName(FusedMoeSpec spec, string deviceName)
    {
        var roundsInputs = spec.ActivationQuantization != ActivationQuantization.None;
        return new TuningFileName(spec.Experts, spec.IntermediateSize, deviceName)
        {
            DType = spec.WeightType switch
            {
                DType.Float32 => "float32",
                DType.Float8E4M3 => roundsInputs ? "fp8_w8a8" : "fp8_w8a16",
                DType.Int8 => roundsInputs ? "int8_w8a8" : "int8_w8a16",
                DType.Int4 => "int4_w4a16",
                _ => null,
            },
            BlockShape = spec.Quantization switch
            {
                WeightQuantization.Block128 => new BlockShape(128, 128),
                WeightQuantization.Group => new BlockShape(0, spec.GroupSize),
                _ => null,
            },
            PerChannelQuant = spec.Quantization == WeightQuantization.Channel && roundsInputs,
        };
    }

    /// <summary>The CPU variants that files select, in ascending order of token counts.</summary>
    /// <param name="spec">The declared experts; their own Split-K count is ignored.</param>
    /// <param name="file">The file for both GEMMs, or for the first.</param>
    /// <param name="down">The file for the second GEMM, if any.</param>
    /// <exception cref="TuningFileException">A number in a file is invalid.</exception>
    public static EquatableArray<TokenChoice> ForCpu(FusedMoeSpec spec, TuningFile file, TuningFile? down = null)
    {
        var choices = new List<TokenChoice>();
        foreach (var regime in TokenRegime.Of(file, down))
        {
            var tuned = spec with { SplitK = SplitK(regime), Tile = CpuTile.Of(regime.GateUp, regime.Down) };
            if (tuned.Validate().FirstOrDefault(problem => problem.Argument == nameof(spec.SplitK)) is { } problem)
                throw new TuningFileException(problem.Message, regime.GateUp.PlaceOf(TuningKeys.SplitK));
            if (choices.Count > 0 && choices[choices.Count - 1].Spec == tuned) choices.RemoveAt(choices.Count - 1);
            choices.Add(new TokenChoice(regime.MaxTokens, tuned));
        }

        return new(choices);
    }

    private static int SplitK(TokenRegime regime)
    {
        var (first, second) = (regime.GateUp[TuningKeys.SplitK] ?? 1, regime.Down[TuningKeys.SplitK] ?? 1);
        if (first == second) return first;
        throw new TuningFileException(
            $"{TuningKeys.SplitK} is {second} for the second GEMM, but {first} for the first; on a CPU they must be equal", regime.Down.PlaceOf(TuningKeys.SplitK));
    }
}
