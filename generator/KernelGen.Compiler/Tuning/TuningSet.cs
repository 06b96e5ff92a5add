using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Tuning;

/// <summary>The tuning files of a build, and their choices for declared experts.</summary>
public sealed class TuningSet
{
    private readonly IReadOnlyList<TuningInput> _inputs;

    /// <summary>Creates a set from files in any order; unreadable ones are ignored.</summary>
    public TuningSet(IEnumerable<TuningInput> inputs) =>
        _inputs = inputs.Where(input => input.Error is null).OrderBy(input => input.Path, StringComparer.Ordinal).ToArray();

    /// <summary>The choices of CPU files for the experts; null if there are none.</summary>
    /// <param name="spec">One of the declared variants; its Split-K count is ignored.</param>
    /// <param name="problems">Receives the problems of the files.</param>
    public TunedExperts? ForCpu(FusedMoeSpec spec, ICollection<TuningProblem> problems)
    {
        var files = Matching(spec, isForCpu: true);
        if (files.Count == 0) return null;
        foreach (var other in files.Skip(1))
        {
            problems.Add(new TuningProblem(
                TuningProblem.WithoutEffect, $"{Path.GetFileName(files[0].Path)} tunes the same experts for a CPU; a build uses one CPU file, so list only one", TextPlace.StartOf(other.Path)));
        }

        try
        {
            return new TunedExperts(ExpertTuning.ForCpu(spec, files[0].File!, DownOf(files[0])?.File));
        }
        catch (TuningFileException impossible)
        {
            problems.Add(new TuningProblem(TuningProblem.Impossible, impossible.Message, impossible.Place));
            return null;
        }
    }

    /// <summary>The choices of GPU files for the experts, by device.</summary>
    /// <param name="spec">One of the declared variants; its Split-K count is ignored.</param>
    /// <param name="problems">Receives the problems of the files, and the differences from them.</param>
    public EquatableArray<DeviceTuning> ForDevices(FusedMoeSpec spec, ICollection<TuningProblem> problems)
    {
        var devices = new List<DeviceTuning>();
        foreach (var sameDevice in Matching(spec, isForCpu: false).GroupBy(input => input.Name!.DeviceName))
        {
            var input = sameDevice.First();
            foreach (var other in sameDevice.Skip(1))
                problems.Add(new TuningProblem(TuningProblem.WithoutEffect, $"{input.Path} is for the same device", TextPlace.StartOf(other.Path)));
            if (GpuArchitecture.Of(sameDevice.Key) is not { } architecture)
                problems.Add(new TuningProblem(TuningProblem.NoKernel, $"{sameDevice.Key} is not an NVIDIA device; only those have tunable kernels", TextPlace.StartOf(input.Path)));
            else if (FusedMoePtx.Pairs(spec).Count == 0)
                problems.Add(new TuningProblem(TuningProblem.NoKernel, $"{spec.Declaration} has no tensor-core kernels", TextPlace.StartOf(input.Path)));
            else if (Choices(spec, input, architecture, problems) is { Count: > 0 } choices)
                devices.Add(new DeviceTuning(sameDevice.Key, choices));
        }

        return new(devices);
    }

    /// <summary>The problems of files that tune none of the declared experts.</summary>
    public IEnumerable<TuningProblem> Unused(IReadOnlyCollection<FusedMoeSpec> declared)
    {
        foreach (var input in _inputs)
        {
            var name = input.Name!;
            if (!declared.Any(spec => IsFor(name, spec)))
            {
                var wanted = declared.Select(spec => ExpertTuning.FileName(spec, name.DeviceName).ToString()).Distinct().Take(3).ToArray();
                var instead = wanted.Length == 0 ? "no experts are declared" : $"a file for the declared experts would be named {string.Join(" or ", wanted)}";
                yield return new TuningProblem(TuningProblem.ForNobody, $"no declared experts match the sizes and the weight format in the file's name; {instead}", TextPlace.StartOf(input.Path));
            }
            else if (name.IsDown && !_inputs.Any(other => other.Name == name.WithoutDown && other.File!.IsForCpu == input.File!.IsForCpu))
            {
                yield return new TuningProblem(
                    TuningProblem.WithoutEffect, $"the file tunes the second GEMM only; also list {name.WithoutDown} for the first", TextPlace.StartOf(input.Path));
            }
        }
    }

    private EquatableArray<DeviceChoice> Choices(FusedMoeSpec spec, TuningInput input, GpuArchitecture architecture, ICollection<TuningProblem> problems)
    {
        try
        {
            return new DeviceTuner(spec, architecture, problems).Choose(input.File!, DownOf(input)?.File);
        }
        catch (TuningFileException impossible)
        {
            problems.Add(new TuningProblem(TuningProblem.Impossible, impossible.Message, impossible.Place));
            return EquatableArray<DeviceChoice>.Empty;
        }
    }

    private static bool IsFor(TuningFileName name, FusedMoeSpec spec) => name.WithoutDown == ExpertTuning.FileName(spec, name.DeviceName);

    private IReadOnlyList<TuningInput> Matching(FusedMoeSpec spec, bool isForCpu) =>
        _inputs.Where(input => !input.Name!.IsDown && input.File!.IsForCpu == isForCpu && IsFor(input.Name, spec)).ToArray();

    private TuningInput? DownOf(TuningInput input) =>
        _inputs.FirstOrDefault(other => other.Name!.IsDown && other.Name.WithoutDown == input.Name && other.File!.IsForCpu == input.File!.IsForCpu);
}
