namespace KernelGen.Tool.Tests;

/// <summary>Presses Ctrl-C when the first line is written.</summary>
internal sealed class CancellingWriter(CancellationTokenSource cancellation) : StringWriter
{
    public override void WriteLine(string? value)
    {
        base.WriteLine(value);
        cancellation.Cancel();
    }
}
