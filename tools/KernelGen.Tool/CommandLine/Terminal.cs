using Spectre.Console;

namespace KernelGen.Tool;

/// <summary>Where a command writes: results, failures, and progress for a person who watches.</summary>
internal sealed class Terminal
{
    // Tables of a redirected output may be this wide; a terminal knows its own width.
    private const int RedirectedWidth = 120;

    private readonly IAnsiConsole? _progress;

    /// <summary>Writes to any writers, as if redirected: no colours, no progress.</summary>
    public Terminal(TextWriter output, TextWriter error)
    {
        (Output, Error) = (output, error);
        Console = Create(output, isTerminal: false);
    }

    private Terminal()
    {
        (Output, Error) = (System.Console.Out, System.Console.Error);
        Console = Create(Output, !System.Console.IsOutputRedirected);
        if (!System.Console.IsErrorRedirected) _progress = Create(Error, isTerminal: true);
    }

    /// <summary>Plain results.</summary>
    public TextWriter Output { get; }

    /// <summary>One line when something fails.</summary>
    public TextWriter Error { get; }

    /// <summary>Tables, on <see cref="Output"/>.</summary>
    public IAnsiConsole Console { get; }

    /// <summary>The process's own.</summary>
    public static Terminal OfProcess() => new();

    /// <summary>Runs work that says now and then what it is about. Nothing is drawn in between: the processors belong to the work.</summary>
    public T Watch<T>(Func<Action<string>, T> work)
    {
        if (_progress is null) return work(_ => { });
        return _progress.Status().AutoRefresh(false).Start("…", context => work(line =>
        {
            context.Status(Markup.Escape(line));
            context.Refresh();
        }));
    }

    private static IAnsiConsole Create(TextWriter writer, bool isTerminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        if (!isTerminal) console.Profile.Width = RedirectedWidth;
        return console;
    }
}
