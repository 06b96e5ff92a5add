using System.CommandLine;

namespace KernelGen.Tool;

/// <summary><c>kernelgen run</c>: one Mixture-of-Experts block of a checkpoint, on given hidden states.</summary>
internal static class RunCommand
{
    public static Command Create(Terminal terminal)
    {
        var model = Parse.Path("--model", "A checkpoint's directory: config.json and safetensors.", "DIR", required: true);
        var layer = Parse.Integer("--layer", "Index of the decoder layer; default 0.");
        var input = Parse.Path("--input", "Hidden states [T, H] in a safetensors file.", "FILE[:TENSOR]", required: true);
        var output = Parse.Path("--output", "Write the block's output [T, H] as tensor 'output'.", "FILE");
        var expect = Parse.Path("--expect", "The expected output.", "FILE[:TENSOR]");
        var rtol = Parse.Tolerance("--rtol", "Relative tolerance of --expect.", absent: 1e-3);
        var atol = Parse.Tolerance("--atol", "Absolute tolerance of --expect.", absent: 1e-4);
        var weights = ShapeOptions.WeightsOption("Type of the experts' weights; default that of the checkpoint.");
        var device = Parse.Device();
        var record = Parse.Path("--record", "Write the layer's expert ids and router weights [T, k], for tune --topk-ids.", "FILE");

        var command = new Command("run", "Runs the Mixture-of-Experts block of a checkpoint's layer.") { model, layer, input, output, expect, rtol, atol, weights, device, record };
        command.SetWork(terminal, (parsed, cancellation) =>
        {
            var request = new LayerRequest(
                parsed.GetRequiredValue(model)!,
                parsed.GetValue(layer) ?? 0,
                TensorFile.Parse(input.Name, parsed.GetRequiredValue(input)!),
                parsed.GetValue(weights),
                parsed.GetValue(output),
                parsed.GetValue(expect) is { } expected ? TensorFile.Parse(expect.Name, expected) : null,
                parsed.GetValue(rtol),
                parsed.GetValue(atol),
                parsed.GetValue(device),
                parsed.GetValue(record));
            LayerRun.Run(request, terminal, cancellation);
        });
        return command;
    }
}
