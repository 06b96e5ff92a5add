using KernelGen.Compiler;
using KernelGen.Compiler.Emission;
using KernelGen.Compiler.Families;
using KernelGen.Compiler.Tuning;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace KernelGen.Generator.Tuning;

/// <summary>The tuning files among a project's <c>AdditionalFiles</c>, and what they do to a declared class.</summary>
internal static class TuningTexts
{
    /// <summary>Whether a file is one, by its name.</summary>
    public static bool Is(AdditionalText text) => TuningFileName.Resembles(Path.GetFileName(text.Path));

    public static TuningInput Read(AdditionalText text, CancellationToken cancellation)
    {
        var content = text.GetText(cancellation);
        return TuningInput.Read(text.Path, content is null ? "" : content.ToString(new TextSpan(0, Math.Min(content.Length, TuningFile.MaxCharacters + 1))));
    }

    /// <summary>The class with the variants that the files choose.</summary>
    public static DeclaredClass Tune(DeclaredClass declared, TuningSet files)
    {
        if (declared.Experts.Count == 0) return declared;
        var problems = new List<TuningProblem>(); // the analyzer's to report
        var sameShapes = declared.Experts.GroupBy(spec => spec.DispatchKey).Select(same => same.ToArray()).ToArray();
        var onDevices = sameShapes.SelectMany(same => OnDevices(same, files.ForDevices(same[0], problems))).ToArray();
        return declared with
        {
            Tuned = new EquatableArray<TunedExperts>(sameShapes.Select(same => files.ForCpu(same[0], problems)).OfType<TunedExperts>()),
            TunedOnDevices = onDevices.Any(spec => spec.Devices.Count > 0) ? new(onDevices) : EquatableArray<FusedMoeSpec>.Empty,
        };
    }

    // Slices are a variant's: those that only files ask for get one of their own.
    private static IEnumerable<FusedMoeSpec> OnDevices(IReadOnlyList<FusedMoeSpec> declared, EquatableArray<DeviceTuning> devices) => declared.Select(spec => spec.SplitK)
        .Concat(devices.SelectMany(device => device.Choices).Select(choice => choice.SplitK)).Distinct()
        .Select(slices => declared[0] with { SplitK = slices, Devices = devices });
}
