using System.CommandLine;
using KernelGen.Benchmarking;
using KernelGen.Compiler.Families;

namespace KernelGen.Tool;

/// <summary><c>kernelgen bench</c>: benchmarks kernels against the machine's limits and other forms of the computation.</summary>
internal static class BenchCommand
{
    public static Command Create(Terminal terminal) => new("bench", "Verifies kernels, then times them against the machine's measured limits.")
    {
        Gate(terminal),
        Moe(terminal),
        Omni(terminal),
        Tile(terminal),
    };

    private static Command Gate(Terminal terminal)
    {
        var shape = new ShapeOptions();
        var tokens = Parse.Tokens("Token counts to time.", 1, 64, 4096);
        var command = new Command("gate", "Times a gate.");
        shape.AddGateTo(command);
        command.Options.Add(tokens);
        SetBench(command, terminal, parsed => GateBench(shape.Gate(parsed), parsed.GetRequiredValue(tokens)));
        return command;
    }

    private static IBench GateBench(MoeGateSpec spec, int[] tokens) => spec.LogitsType switch
    {
        DType.Float16 => new GateBench<Half>(spec, tokens),
        DType.BFloat16 => new GateBench<BFloat16>(spec, tokens),
        _ => new GateBench<float>(spec, tokens),
    };

    private static Command Moe(Terminal terminal)
    {
        var shape = new ShapeOptions();
        var tokens = Parse.Tokens("Token counts to time.", 1, 64, 512);
        var command = new Command("moe", "Times the experts of a layer.");
        shape.AddMoeTo(command);
        command.Options.Add(tokens);
        SetBench(command, terminal, parsed => MoeBench.Of(shape.Moe(parsed), shape.SplitK(parsed), parsed.GetRequiredValue(tokens)));
        return command;
    }

    private static Command Omni(Terminal terminal)
    {
        var shape = new ShapeOptions();
        var tokens = Parse.Tokens("Token counts to time.", 1, 64, 4096);
        var backward = new Option<bool>("--backward") { Description = "Time the gradients of the logits instead." };
        var command = new Command("omni", "Times a product-key router.");
        shape.AddOmniTo(command);
        command.Options.Add(tokens);
        command.Options.Add(backward);
        SetBench(command, terminal, parsed => new OmniBench(shape.Omni(parsed), parsed.GetRequiredValue(tokens), parsed.GetValue(backward)));
        return command;
    }

    /// <summary>One expert whose weights stay in the caches, with enough tokens for whole panels: isolates the register tile.</summary>
    private static Command Tile(Terminal terminal)
    {
        var weights = ShapeOptions.WeightsOption("Type of the expert's weights; default f32.");
        var command = new Command("tile", "Times the GEMMs alone: the effect of specialising the register tile.") { weights };
        SetBench(command, terminal, parsed => MoeBench.Of(
            TileSpec(parsed.GetValue(weights) ?? default), splitK: [1], [512]));
        return command;
    }

    private static void SetBench(Command command, Terminal terminal, Func<ParseResult, IBench> prepare)
    {
        var json = Parse.Path("--json", "Also write the rows to a file.", "FILE");
        var devices = Parse.Devices();
        command.Options.Add(json);
        var flush = new Option<bool>("--flush-caches") { Description = "Flush the CPU caches before every timed call." };
        command.Options.Add(flush);
        command.Options.Add(devices);
        command.SetWork(terminal, (parsed, cancellation) =>
        {
            var path = parsed.GetValue(json);
            var bench = prepare(parsed);
            if (path is not null) OutputFile.Require(json.Name, path);
            using var caches = parsed.GetValue(flush) ? new CacheFlush() : null;
            using var opened = new OpenDevices(parsed.GetRequiredValue(devices));
            var report = terminal.Watch(say =>
            {
                say("measuring the machine");
                var context = new BenchContext(MachineLimits.Measure(cancellation), CommandText.Of(parsed), say, cancellation) { Devices = opened.All, BeforeCall = caches is null ? null : caches.Run };
                bench.Run(context);
                say("measuring the machine again");
                context.Limits = context.Limits.Or(MachineLimits.Measure(cancellation));
                return context;
            });
            BenchTable.Write(terminal.Console, report);
            if (path is not null) JsonReport.Write(path, report);
        });
    }

    private static FusedMoeSpec TileSpec(WeightsFormat format) =>
        new(1, 1, 256, 256, MoeActivation.SiluAndMul, format.Weights.Type, Quantization: format.Weights.Quantization, GroupSize: format.Weights.GroupSize)
        {
            ActivationQuantization = format.Inputs,
        };
}
