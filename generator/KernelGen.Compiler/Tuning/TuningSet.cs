using KernelGen.Compiler.Families;

namespace KernelGen.Compiler.Tuning;

/// <summary>The tuning files of a build, and what they choose for declared experts.</summary>
public sealed class TuningSet
{
    private readonly IReadOnlyList<TuningInput> _inputs;

    /// <summary>Takes files in any order; those that cannot be read choose nothing.</summary>
    public TuningSet(IEnumerable<TuningInput> inputs) =>
        _inputs = inputs.Where(input => input.Error is null).OrderBy(input => input.Path, StringComparer.Ordinal).ToArray();

    /// <summary>What files for a CPU choose for the experts; null where there is none.</summary>
    /// <param name="spec">One of the declared variants; its Split-K number does not count.</param>
    /// <param name="problems">Receives what is wrong with the files.</param>
    public TunedExperts? ForCpu(FusedMoeSpec spec, ICollection<TuningProblem> problems)
    {
        var files = Matching(spec, isForCpu: true);
        if (files.Count == 0) return null;
        foreach (var other in files.Skip(1))
        {
            problems.Add(new TuningProblem(
                TuningProblem.WithoutEffect, $"{Path.GetFileName(files[0].Path)} tunes the same experts for a CPU; a build is for one, so list one of the files", TextPlace.StartOf(other.Path)));
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

    /// <summary>What files for GPUs choose for the experts, a device after the other.</summary>
    /// <param name="spec">One of the declared variants; its Split-K number does not count.</param>
    /// <param name="problems">Receives what is wrong with the files, and what differs from them.</param>
    public EquatableArray<DeviceTuning> ForDevices(FusedMoeSpec spec, ICollection<TuningProblem> problems)
    {
        var devices = new List<DeviceTuning>();
        foreach (var sameDevice in Matching(spec, isForCpu: false).GroupBy(input => input.Name!.DeviceName))
        {
            var input = sameDevice.First();
            foreach (var other in sameDevice.Skip(1))
                problems.Add(new TuningProblem(TuningProblem.WithoutEffect, $"{input.Path} is for the same device", TextPlace.StartOf(other.Path)));
            if (GpuArchitecture.Of(sameDevice.Key) is not { } architecture)
                problems.Add(new TuningProblem(TuningProblem.NoKernel, $"{sameDevice.Key} is none of NVIDIA's devices, which alone have kernels that can be tuned", TextPlace.StartOf(input.Path)));
            else if (FusedMoePtx.Pairs(spec).Count == 0)
                problems.Add(new TuningProblem(TuningProblem.NoKernel, $"{spec.Declaration} has no tensor-core kernels", TextPlace.StartOf(input.Path)));
            else if (Choices(spec, input, architecture, problems) is { Count: > 0 } choices)
                devices.Add(new DeviceTuning(sameDevice.Key, choices));
        }

        return new(devices);
    }

    /// <summary>What there is to say about files that tune none of the declared experts.</summary>
    public IEnumerable<TuningProblem> Unused(IReadOnlyCollection<FusedMoeSpec> declared)
    {
        foreach (var input in _inputs)
        {
            var name = input.Name!;
            if (!declared.Any(spec => IsFor(name, spec)))
            {
                var wanted = declared.Select(spec => ExpertTuning.FileName(spec, name.DeviceName).ToString()).Distinct().Take(3).ToArray();
                var instead = wanted.Length == 0 ? "none are declared" : $"a file for those that are would be named {string.Join(" or ", wanted)}";
                yield return new TuningProblem(TuningProblem.ForNobody, $"no declared experts have the sizes and the format that the file is named for; {instead}", TextPlace.StartOf(input.Path));
            }
            else if (name.IsDown && !_inputs.Any(other => other.Name == name.WithoutDown && other.File!.IsForCpu == input.File!.IsForCpu))
            {
                yield return new TuningProblem(
                    TuningProblem.WithoutEffect, $"the file tunes the second product alone; list {name.WithoutDown} for the first", TextPlace.StartOf(input.Path));
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
