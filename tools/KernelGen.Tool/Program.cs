using System.Text;
using KernelGen.Tool;

Console.OutputEncoding = Encoding.UTF8; // µ, × and bars, also on Windows
return await Cli.RunAsync(args, Terminal.OfProcess());
