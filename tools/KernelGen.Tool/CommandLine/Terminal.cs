using Spectre.Console;

namespace KernelGen.Tool;

/// <summary>The output of a command: results, failures and progress.</summary>
internal sealed class Terminal
{
    private const int RedirectedWidth = 120;

    private readonly IAnsiConsole? _progress;

    /// <summary>Writes to the given writers as if redirected: no colours, no progress.</summary>
    /// <param name="output">Results.</param>
    /// <param name="error">The line of a failure.</param>
    /// <param name="width">Maximum width of a table in characters; a terminal knows its own.</param>
    public Terminal(TextWriter output, TextWriter error, int width = RedirectedWidth)
    {
        (Output, Error) = (output, error);
        Console = Create(output, isTerminal: false);
        Console.Profile.Width = width;
    }

    private Terminal()
    {
        (Output, Error) = (System.Console.Out, System.Console.Error);
        Console = Create(Output, !System.Console.IsOutputRedirected);
        if (System.Console.IsOutputRedirected) Console.Profile.Width = RedirectedWidth;
        if (!System.Console.IsErrorRedirected) _progress = Create(Error, isTerminal: true);
    }

    /// <summary>Plain results.</summary>
    public TextWriter Output { get; }

    /// <summary>One line when something fails.</summary>
    public TextWriter Error { get; }

    /// <summary>Tables, on <see cref="Output"/>.</summary>
    public IAnsiConsole Console { get; }

    /// <summary>The terminal of the process.</summary>
    public static Terminal OfProcess() => new();

    /// <summary>Runs work that reports progress from time to time. Nothing is drawn in between, so the work has all cores.</summary>
    public T Watch<T>(Func<Action<string>, T> work)
    {
        if (_progress is null) return work(_ => { });
        return _progress.Status().AutoRefresh(false).Start("…", context => work(line =>
        {
            context.Status(Markup.Escape(line));
            context.Refresh();
        }));
    }

    private static IAnsiConsole Create(TextWriter writer, bool isTerminal) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
        ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        Out = new AnsiConsoleOutput(writer),
    });
}
