namespace KernelGen.Tool.Report;

/// <summary>What a report shows: one section a configuration, one roofline a machine, one heat map a search.</summary>
internal sealed record ReportModel(IReadOnlyList<Section> Sections, IReadOnlyList<MachineRoof> Machines, IReadOnlyList<SplitKTable> SplitK, IReadOnlyList<(ResultFile File, ResultSearch Search)> Searches)
{
    /// <summary>Sorts the rows of any number of files into what is drawn.</summary>
    public static ReportModel Of(IReadOnlyList<ResultFile> files)
    {
        var sections = files.Where(file => file.Rows.Count > 0).GroupBy(SubjectOf).Select(Section.Of).ToArray();
        var machines = files.Where(file => file.Machine.Gflops > 0 && file.Machine.GigabytesPerSecond > 0 && file.Rows.Any(HasIntensity))
            .GroupBy(file => file.Machine.Cpu).Select(MachineRoof.Of).ToArray();
        var searches = files.Where(file => file.Search is { Candidates.Count: > 0 }).Select(file => (file, file.Search!)).ToArray();
        return new ReportModel(sections, machines, SplitKTable.All(files), searches);
    }

    /// <summary>Whether a row has a place on the roofline: the limits of a file are those of its processor.</summary>
    public static bool HasIntensity(ResultRow row) => row is { Device: "cpu", Gflops: > 0, GigabytesPerSecond: > 0 };

    private static string SubjectOf(ResultFile file)
    {
        var name = file.Subject ?? (file.Rows.FirstOrDefault(row => row.Form == Forms.Specialized) ?? file.Rows[0]).Variant;
        foreach (var suffix in new[] { "_cpu", "_ilgpu" })
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal)) name = name[..^suffix.Length];
        }

        return file.Rows.Any(row => row.Shape.GetValueOrDefault("backward") == 1) ? $"{name} backward" : name;
    }
}

/// <summary>Everything about one configuration.</summary>
internal sealed record Section(string Subject, IReadOnlyList<ResultFile> Files, IReadOnlyList<Series> Series)
{
    public static Section Of(IGrouping<string, ResultFile> files)
    {
        var several = files.Count() > 1;
        var devices = files.SelectMany(file => file.Rows).Select(row => row.Device).Distinct().Count() > 1;
        var series = files.SelectMany((file, index) => file.Rows.GroupBy(row => (row.Form, row.Device)).Select(rows => new Series(
            string.Join(", ", [rows.Key.Form, .. devices ? [rows.Key.Device] : Array.Empty<string>(), .. several ? [$"file {index + 1}"] : Array.Empty<string>()]),
            rows.Key.Form,
            rows.Key.Device,
            index,
            [.. rows.OrderBy(row => row.Tokens)])));
        return new Section(files.Key, [.. files], [.. series]);
    }

    /// <summary>The median times of the series, in µs.</summary>
    public IReadOnlyList<ChartLine> Times() =>
        [.. Series.Select((series, colour) => new ChartLine(series.Label, colour, [.. series.Rows.Select(row => (row.Tokens, row.MedianUs))]))];

    /// <summary>How many times as fast the specialised kernel is as each other series of its file: on the same device, or on the processor.</summary>
    public IReadOnlyList<ChartLine> SpeedUps()
    {
        var lines = new List<ChartLine>();
        foreach (var subject in Series.Where(series => series.Form == Forms.Specialized))
        {
            foreach (var (other, colour) in Series.Select((series, colour) => (series, colour)).Where(pair => IsComparedWith(subject, pair.series)))
            {
                var points = other.Rows.Join(subject.Rows, row => row.Tokens, row => row.Tokens, (slow, fast) => (slow.Tokens, slow.MedianUs / fast.MedianUs)).ToArray();
                if (points.Length > 0) lines.Add(new ChartLine(subject.Device == other.Device ? other.Label : $"{other.Label}, from {subject.Device}", colour, points));
            }
        }

        return lines;
    }

    private static bool IsComparedWith(Series subject, Series other) =>
        other != subject && other.File == subject.File && (other.Device == subject.Device || other is { Form: Forms.Specialized, Device: "cpu" });
}

/// <summary>One form of a kernel over the token count.</summary>
internal sealed record Series(string Label, string Form, string Device, int File, IReadOnlyList<ResultRow> Rows);

/// <summary>A machine's limits, the best of its files, and the rows measured on it.</summary>
internal sealed record MachineRoof(string Name, double Gflops, double GigabytesPerSecond, IReadOnlyList<ResultRow> Rows)
{
    public static MachineRoof Of(IGrouping<string, ResultFile> files) => new(
        files.Key, files.Max(file => file.Machine.Gflops), files.Max(file => file.Machine.GigabytesPerSecond), [.. files.SelectMany(file => file.Rows).Where(ReportModel.HasIntensity)]);
}
