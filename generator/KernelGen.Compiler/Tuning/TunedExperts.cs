using KernelGen.Compiler.Emission;
using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Tuning;

/// <summary>The CPU variants that tuning files select for declared experts.</summary>
/// <param name="Choices">In ascending order of token counts; the specs differ only in tile and Split-K count.</param>
public sealed record TunedExperts(EquatableArray<TokenChoice> Choices)
{
    /// <summary>The distinct variants.</summary>
    public IEnumerable<FusedMoeSpec> Variants => Choices.Select(choice => choice.Spec).Distinct();

    /// <summary>A class of experts with the variants that a project's tuning files choose. What is wrong with the files is the analyzer's to report.</summary>
    public static DeclaredClass Tune(DeclaredClass declared, TuningSet files)
    {
        var problems = new List<TuningProblem>();
        var sameShapes = declared.Specs.Cast<FusedMoeSpec>().GroupBy(spec => spec.DispatchKey).Select(same => same.ToArray()).ToArray();
        var onDevices = sameShapes.SelectMany(same => OnDevices(same, files.ForDevices(same[0], problems))).ToArray();
        return declared with
        {
            Tuned = new EquatableArray<TunedExperts>(sameShapes.Select(same => files.ForCpu(same[0], problems)).OfType<TunedExperts>()),
            TunedOnDevices = onDevices.Any(spec => spec.Devices.Count > 0) ? new(onDevices) : EquatableArray<IKernelSpec>.Empty,
        };
    }

    // Slices are a variant's: those that only files ask for get one of their own.
    private static IEnumerable<FusedMoeSpec> OnDevices(IReadOnlyList<FusedMoeSpec> declared, EquatableArray<DeviceTuning> devices) => declared.Select(spec => spec.SplitK)
        .Concat(devices.SelectMany(device => device.Choices).Select(choice => choice.SplitK)).Distinct()
        .Select(slices => declared[0] with { SplitK = slices, Devices = devices });

    /// <summary>Whether a declaration is the one that is tuned.</summary>
    public bool AreOf(FusedMoeSpec declared) => Choices[0].Spec.DispatchKey == declared.DispatchKey;
}
