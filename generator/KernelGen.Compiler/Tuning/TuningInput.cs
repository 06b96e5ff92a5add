namespace KernelGen.Compiler.Tuning;

/// <summary>A tuning file given to a build: its content, or why it cannot be read. Equal if path and text are.</summary>
public sealed class TuningInput : IEquatable<TuningInput>
{
    private readonly string _text;

    private TuningInput(string path, string text) => (Path, _text) = (path, text);

    /// <summary>The file's path.</summary>
    public string Path { get; }

    /// <summary>Its parsed name; null if there is an <see cref="Error"/>.</summary>
    public TuningFileName? Name { get; private set; }

    /// <summary>Its content; null if there is an <see cref="Error"/>.</summary>
    public TuningFile? File { get; private set; }

    /// <summary>Why the file cannot be read.</summary>
    public TuningProblem? Error { get; private set; }

    /// <summary>Reads a file with any content.</summary>
    public static TuningInput Read(string path, string text)
    {
        var input = new TuningInput(path, text);
        try
        {
            input.Name = TuningFileName.Parse(System.IO.Path.GetFileName(path));
            input.File = TuningFile.Parse(text, path);
        }
        catch (TuningFileException error)
        {
            input.Error = new TuningProblem(TuningProblem.Unreadable, error.Message, input.Name is null ? TextPlace.StartOf(path) : error.Place);
        }

        return input;
    }

    /// <inheritdoc/>
    public bool Equals(TuningInput? other) => other is not null && Path == other.Path && _text == other._text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TuningInput);

    /// <inheritdoc/>
    public override int GetHashCode() => unchecked((Path.GetHashCode() * 31) + _text.GetHashCode());
}
