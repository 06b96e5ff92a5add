using System.CommandLine;

namespace KernelGen.Tool;

/// <summary><c>kernelgen run</c>: one Mixture-of-Experts block of a checkpoint, on given hidden states.</summary>
internal static class RunCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = new Option<string>("--model") { Description = "A checkpoint's directory: config.json and safetensors.", HelpName = "DIR", Required = true };
        var layer = Parse.Integer("--layer", "Number of the decoder layer; default 0.");
        var input = new Option<string>("--input") { Description = "Hidden states [T, H] in a safetensors file.", HelpName = "FILE[:TENSOR]", Required = true };
        var output = new Option<string?>("--output") { Description = "Receives the block's output [T, H], as tensor 'output'.", HelpName = "FILE" };
        var expect = new Option<string?>("--expect") { Description = "What the output should be.", HelpName = "FILE[:TENSOR]" };
        var rtol = Parse.Tolerance("--rtol", "Relative tolerance of --expect.", absent: 1e-3);
        var atol = Parse.Tolerance("--atol", "Absolute tolerance of --expect.", absent: 1e-4);
        var weights = ShapeOptions.WeightsOption("Type of the experts' weights; default as in the checkpoint.");

        var command = new Command("run", "Runs the Mixture-of-Experts block of a checkpoint's layer.") { model, layer, input, output, expect, rtol, atol, weights, Parse.Device() };
        command.SetWork(terminal, (parsed, _) =>
        {
            var request = new LayerRequest(
                parsed.GetRequiredValue(model),
                parsed.GetValue(layer) ?? 0,
                TensorFile.Parse(input.Name, parsed.GetRequiredValue(input)),
                parsed.GetValue(weights),
                parsed.GetValue(output),
                parsed.GetValue(expect) is { } expected ? TensorFile.Parse(expect.Name, expected) : null,
                parsed.GetValue(rtol),
                parsed.GetValue(atol));
            LayerRun.Run(request, terminal);
        });
        return command;
    }
}
