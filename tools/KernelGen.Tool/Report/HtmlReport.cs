using System.Globalization;
using System.Net;
using System.Text;

namespace KernelGen.Tool.Report;

/// <summary>The page: one file without scripts, which asks no network for anything.</summary>
internal sealed class HtmlReport
{
    private readonly StringBuilder _page = new();

    private HtmlReport()
    {
    }

    /// <summary>The page of some files.</summary>
    public static string Write(IReadOnlyList<ResultFile> files)
    {
        var model = ReportModel.Of(files);
        var report = new HtmlReport();
        report.WriteHead(files);
        if (model.Sections.Count > 1) report.WriteSummary(model.Sections);
        foreach (var section in model.Sections) report.WriteSection(section);
        if (model.Machines.Count > 0) report.WriteRooflines(model.Machines);
        if (model.SplitK.Count > 0) report.WriteSplitK(model.SplitK);
        foreach (var (file, search) in model.Searches) report.WriteSearch(file, search);
        report._page.Append("</main>\n</body>\n</html>\n");
        return report._page.ToString();
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Number(double value) => value.ToString(value < 10 ? "0.00" : value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);

    private static IEnumerable<(string Label, int Colour)> Legend(IEnumerable<ChartLine> lines) => lines.Select(line => (line.Label, line.Colour));

    private static string StyleSheet()
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream("report.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private void WriteHead(IReadOnlyList<ResultFile> files)
    {
        _page.Append($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>KernelGen report</title>
            <style>
            {StyleSheet()}</style>
            </head>
            <body>
            <main>
            <h1>KernelGen report</h1>

            """);
        foreach (var file in files)
        {
            string[] parts =
            [
                file.Name, file.Date.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture), file.Machine.Cpu, file.Machine.Threads > 0 ? $"{file.Machine.Threads} threads" : "",
                file.Machine.OperatingSystem, file.Machine.Runtime, .. file.Machine.Devices.Select(device => $"{device.Key}: {device.Value}"),
            ];
            var machine = string.Join(" · ", parts.Where(part => part.Length > 0));
            _page.Append($"<p class=\"quiet\">{Text(machine)}</p>\n");
        }
    }

    private void WriteSummary(IReadOnlyList<Section> sections)
    {
        _page.Append("<h2>In short</h2>\n");
        var rows = sections.SelectMany(section => section.SpeedUps().Select(other => new[]
        {
            section.Subject,
            other.Label,
            $"{other.Points.Min(point => point.Tokens)}–{other.Points.Max(point => point.Tokens)}",
            $"{Number(other.Points.Min(point => point.Value))}×",
            $"{Number(Math.Exp(other.Points.Average(point => Math.Log(point.Value))))}×",
            $"{Number(other.Points.Max(point => point.Value))}×",
        }));
        WriteTable(["configuration", "specialised, as fast as", "tokens", "least", "mean", "most"], 2, rows);
    }

    private void WriteSection(Section section)
    {
        _page.Append($"<h2>{Text(section.Subject)}</h2>\n<div class=\"charts\">\n");
        var times = section.Times();
        WriteFigure("Time of a call, median, µs", LineChart.Draw($"Time of {section.Subject}", "µs", times), Legend(times));
        var speedUps = section.SpeedUps();
        if (speedUps.Count > 0)
            WriteFigure("How many times as fast the specialised kernel is as", LineChart.Draw($"Speed-up of {section.Subject}", "times", speedUps, reference: 1), Legend(speedUps));
        _page.Append("</div>\n");
        foreach (var note in section.Files.SelectMany(file => file.Notes)) _page.Append($"<p class=\"quiet\">{Text(note)}</p>\n");
        _page.Append("<details><summary>All rows, and the commands that repeat them</summary>\n");
        WriteTable(["variant", "form", "device", "tokens", "median µs", "min µs", "GFLOP/s", "GB/s", "error"], 3, section.Series.SelectMany(series => series.Rows).Select(row => new[]
        {
            row.Variant, row.Form, row.Device, $"{row.Tokens}", Number(row.MedianUs), Number(row.MinUs), row.Gflops is { } gflops ? Number(gflops) : "–",
            row.GigabytesPerSecond is { } bytes ? Number(bytes) : "–", row.MaxError is { } error ? error.ToString("0.0e-0", CultureInfo.InvariantCulture) : "–",
        }));
        foreach (var command in section.Files.SelectMany(file => file.Rows).Select(row => row.Command).Distinct().Where(command => command.Length > 0)) _page.Append($"<p><code>{Text(command)}</code></p>\n");
        _page.Append("</details>\n");
    }

    private void WriteRooflines(IReadOnlyList<MachineRoof> machines)
    {
        _page.Append("<h2>Roofline</h2>\n<p class=\"quiet\">The limits are measured in the same runs. Bytes are those that a call must read and write; what a cache keeps from call to call can lift a point above the roof.</p>\n<div class=\"charts\">\n");
        foreach (var machine in machines)
        {
            var subjects = RooflineChart.Subjects(machine);
            WriteFigure($"{machine.Name}, GFLOP/s", RooflineChart.Draw(machine, subjects), subjects.Select((subject, colour) => (subject, colour)));
        }

        _page.Append("</div>\n");
    }

    private void WriteSplitK(IReadOnlyList<SplitKTable> tables)
    {
        _page.Append("<h2>Split-K</h2>\n<p class=\"quiet\">Milliseconds; the best of each row stands out.</p>\n");
        foreach (var table in tables)
        {
            _page.Append($"<h3>{Text(table.Title)}</h3>\n");
            WriteTable(
                ["tokens", .. table.Slices.Select(slices => $"SPLIT_K={slices}")],
                0,
                table.Times.Select(row => (string[])[$"{row.Tokens}", .. row.Milliseconds.Select(time => time?.ToString("0.000000", CultureInfo.InvariantCulture) ?? "–")]),
                table.Times.Select(row => 1 + row.Milliseconds.ToList().IndexOf(row.Milliseconds.Min())).ToArray());
        }
    }

    private void WriteSearch(ResultFile file, ResultSearch search)
    {
        var measured = search.Candidates.Select(candidate => candidate.Name).Distinct().Count();
        var shown = Math.Min(measured, HeatMap.MaxCandidates);
        _page.Append($"<h2>Search: {Text(search.Subject)}</h2>\n<p class=\"quiet\">{Text(file.Name)}: {measured} of {Math.Max(search.SpaceSize, measured)} candidates measured on {Text(search.Device)}; {(shown < measured ? $"the {shown} that come nearest to the best are" : "all are")} shown.</p>\n<div class=\"charts\">\n");
        _page.Append($"<figure>\n<figcaption>Time relative to the best for each token count: solid is the best, pale is 1.5 times as long or more</figcaption>\n{HeatMap.Draw(search)}</figure>\n</div>\n");
        if (search.Command.Length > 0) _page.Append($"<p><code>{Text(search.Command)}</code></p>\n");
    }

    private void WriteFigure(string caption, string svg, IEnumerable<(string Label, int Colour)> legend)
    {
        _page.Append($"<figure>\n<figcaption>{Text(caption)}</figcaption>\n{svg}<ul class=\"legend\">\n");
        foreach (var (label, colour) in legend) _page.Append($"<li class=\"{Palette.Class(colour)}\">{Text(label)}</li>\n");
        _page.Append("</ul>\n</figure>\n");
    }

    /// <summary>A table whose first <paramref name="words"/> columns are words; of row n the cell <paramref name="best"/>[n] stands out.</summary>
    private void WriteTable(IReadOnlyList<string> headings, int words, IEnumerable<string[]> rows, int[]? best = null)
    {
        _page.Append("<div class=\"scroll\"><table>\n<thead><tr>");
        for (var i = 0; i < headings.Count; i++) _page.Append($"<th scope=\"col\"{(i < words ? " class=\"words\"" : "")}>{Text(headings[i])}</th>");
        _page.Append("</tr></thead>\n<tbody>\n");
        foreach (var (cells, n) in rows.Select((cells, n) => (cells, n)))
        {
            _page.Append("<tr>");
            for (var i = 0; i < cells.Length; i++) _page.Append($"<td{(i < words ? " class=\"words\"" : best?[n] == i ? " class=\"best\"" : "")}>{Text(cells[i])}</td>");
            _page.Append("</tr>\n");
        }

        _page.Append("</tbody>\n</table></div>\n");
    }
}
