using KernelGen.Benchmarking;
using KernelGen.Compiler.Tuning;
using KernelGen.HuggingFace;
using KernelGen.Tuning;

namespace KernelGen.Tool.Tune;

/// <summary>A search from its model to its file.</summary>
internal static class TuneRun
{
    public static void Run(TuneRequest request, Terminal terminal, CancellationToken cancellation)
    {
        var model = Model(request);
        using var device = TunedDevices.Open(request.Device);
        var space = NamedSpaces.FindOrLoad(request.Space ?? device.Space);
        var routing = TunedRouting.Of(request, model.Shape);
        var files = Files(request, model, device);
        files.Check(device.IsCpu);
        var compared = Compared(request, device);
        if (request.Json is not null) OutputFile.Require("--json", request.Json);

        terminal.Output.WriteLine(model.Spec.ConfigurationName);
        terminal.Output.WriteLine(device.Description);
        var journal = TuningJournal.Of(files, Identity(request, model, space, device));
        try
        {
            var limits = terminal.Watch(say =>
            {
                say("measuring the machine");
                return MachineLimits.Measure(cancellation);
            });
            var tuned = terminal.Watch(say =>
            {
                say("generating weights");
                using var target = device.Target(model, routing, request.Tokens.Max(), limits);
                return Search(request, target, space, files, compared, journal, say, cancellation);
            });
            if (request.Json is not null) TuneJson.Write(request.Json, request, model, device, limits, space, tuned.Rows);
            journal.Delete();
            tuned.Write(terminal.Console);
        }
        catch (OperationCanceledException)
        {
            var done = request.Tokens.Count(journal.Rows.ContainsKey);
            throw new CancelledException($"cancelled; {files.Path} has {done} of {request.Tokens.Length} token counts; run the same command to resume");
        }
        catch (TuningFileException e)
        {
            throw new UsageException($"--compare {e.Place}: {e.Message}", e);
        }
        catch (WrongResultException e)
        {
            throw new CheckFailedException(e.Message);
        }

        terminal.Output.WriteLine(files.DownPath is null ? $"written to {files.Path}" : $"written to {files.Path} and {files.DownPath}");
    }

    private static TuneTable Search(
        TuneRequest request, ITuningTarget target, SearchSpace space, TunedFiles files, (TuningFile File, TuningFile? Down)? compared, TuningJournal journal, Action<string> say,
        CancellationToken cancellation)
    {
        var options = request.Exhaustive ? new SearchOptions { FirstCandidates = int.MaxValue } : new SearchOptions();
        var search = new TokenSearch(target, space, request.Separate, options);
        var tuned = new TuneTable(space, search.ValidCount);
        var progress = new TuneProgress(target, request.Tokens, say);
        foreach (var tokens in request.Tokens)
        {
            if (!journal.Rows.TryGetValue(tokens, out var row))
            {
                var known = journal.Rows.ToDictionary(pair => pair.Key, pair => pair.Value.Best);
                var other = compared is var (file, down) ? target.OfFile(file, down, tokens) : null;
                row = TunedRow.Of(tokens, search.Run(tokens, known, other, measured => progress.Measured(tokens, measured), cancellation), target.NameOf);
                files.Merge(tokens, row.Best);
                journal.Add(row);
            }

            tuned.Add(row, target.NameOf(row.Best));
            progress.Done(tokens);
        }

        return tuned;
    }

    private static TunedModel Model(TuneRequest request)
    {
        var shape = ModelPresets.Find(request.Model, request.FuseSharedExpert);
        if (shape is null && !Path.Exists(request.Model))
            throw new UsageException($"--model {request.Model} is not a file, directory or preset; presets: {string.Join(", ", ModelPresets.Names)}");
        shape ??= ExpertShape.Load(request.Model, request.FuseSharedExpert);
        return TunedModel.Create(shape.Shard(request.TensorParallel, request.ExpertParallel), request.Type, request.PerChannel);
    }

    private static TunedFiles Files(TuneRequest request, TunedModel model, ITunedDevice device)
    {
        if (!Directory.Exists(request.Output)) throw new UsageException($"--output {request.Output} is not a directory");
        var name = ExpertTuning.FileName(model.Spec, device.FileName);
        return new TunedFiles(
            Path.Combine(request.Output, name.ToString()), request.Separate ? Path.Combine(request.Output, (name with { IsDown = true }).ToString()) : null);
    }

    private static (TuningFile File, TuningFile? Down)? Compared(TuneRequest request, ITunedDevice device)
    {
        if (request.Compared is null) return null;
        var compared = TunedFiles.Load(request.Compared);
        if (compared.File.IsForCpu != device.IsCpu) throw new UsageException($"--compare {request.Compared}: its entries are for a {(device.IsCpu ? "GPU" : "CPU")}");
        return compared;
    }

    // What an interrupted search and the one that resumes it must have in common.
    private static string Identity(TuneRequest request, TunedModel model, SearchSpace space, ITunedDevice device)
    {
        var values = string.Join(";", space.Parameters.Select(parameter => $"{parameter.Key}={string.Join(',', parameter.Value)}"));
        var routing = FormattableString.Invariant($"{request.RecordedIds} skew={request.Skew} ep={request.ExpertParallel}");
        return $"{model.Spec.VariantName} {device.Description} {values} separate={request.Separate} exhaustive={request.Exhaustive} {routing} {request.Compared} {typeof(CpuTile).Module.ModuleVersionId:N}";
    }
}
