using System.Text;
using KernelGen.Tool;

Console.OutputEncoding = Encoding.UTF8; // µ, ÷ and bars, also on Windows

// The first Ctrl-C cancels, the second one kills.
using var cancellation = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = !cancellation.IsCancellationRequested;
    cancellation.Cancel();
};
return await Cli.RunAsync(args, Terminal.OfProcess(), cancellation.Token);
