using System.CommandLine;
using KernelGen.Tool.Report;
using KernelGen.Tuning;

namespace KernelGen.Tool;

/// <summary><c>kernelgen report</c>: renders measurements as one page with plots.</summary>
internal static class ReportCommand
{
    public static Command Create(Terminal terminal)
    {
        var files = new Argument<string[]>("JSON") { Description = "Files written by bench --json and tune --json.", Arity = ArgumentArity.OneOrMore };
        var output = Parse.Path("--output", "The page to write.", "FILE", required: true);
        var command = new Command("report", "Renders measurements as one HTML page without scripts, readable offline and in print.") { files, output };
        command.SetWork(terminal, (parsed, cancellation) =>
        {
            var path = parsed.GetRequiredValue(output)!;
            OutputFile.Require(output.Name, path);
            var results = new List<ResultFile>();
            foreach (var file in parsed.GetRequiredValue(files))
            {
                cancellation.ThrowIfCancellationRequested();
                results.Add(ResultFile.Read(file));
            }

            AtomicFile.Write(path, HtmlReport.Write(results));
            var measured = results.Sum(file => file.Rows.Count + (file.Search?.Candidates.Count ?? 0));
            terminal.Output.WriteLine($"{path}: {measured} measurements of {results.Count} {(results.Count == 1 ? "file" : "files")}");
        });
        return command;
    }
}
