using System.CommandLine;
using KernelGen.Tool.Tune;
using KernelGen.Tuning;

namespace KernelGen.Tool;

/// <summary><c>kernelgen tune</c>: the fastest variant for each number of tokens, as a file that the generator reads.</summary>
internal static class TuneCommand
{
    // What published tuners measure.
    private static readonly int[] UsualTokens = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1024, 1536, 2048, 3072, 4096];

    public static Command Create(Terminal terminal)
    {
        var model = new Option<string>("--model") { Description = "config.json, the directory that holds it, or a preset's name.", HelpName = "PATH|PRESET", Required = true };
        var tensorParallel = Parse.Integer("--tp-size", "Ranks that share the layer out; default 1.");
        var expertParallel = Parse.Integer("--ep-size", "Groups of ranks that share the experts out; default 1.");
        var type = Parse.Choice("--dtype", "Types of weights and inputs; default auto, as the model says.", [("auto", 0), .. TunedModel.Types.Select((word, i) => (word, i + 1))]);
        var perChannel = new Option<bool>("--per-channel-quant") { Description = "A scale for each row of the weights." };
        var noFusion = new Option<bool>("--disable-shared-experts-fusion") { Description = "Leave a shared expert out." };
        var tokens = Parse.TokenList("--batch-size", "Numbers of tokens; default those of published tuners, 1 to 4096.", UsualTokens);
        var output = Parse.Path("--output", "Directory that gets the tuned file; default the current one.", "DIR");
        var space = new Option<string?>("--search-space") { Description = "What to choose among: a name that tune spaces lists, or a file.", HelpName = "FILE|NAME" };
        var separate = new Option<bool>("--separate") { Description = "Tune the two products apart: a second file, _down." };
        var exhaustive = new Option<bool>("--exhaustive") { Description = "Begin with all that can run, not with what should be fast: slow, to judge the search by." };
        var recorded = Parse.Path("--topk-ids", "Expert ids that run --record wrote: tokens get these instead of random ones.", "FILE");
        var skew = Parse.Tolerance("--skew", "Exponent of Zipf's law that random ids follow; 0, the default: all experts are equally likely.", absent: 0);
        var compared = Parse.Path("--compare", "A tuned file, such as sglang's and vLLM's: what it chooses is measured, too. _down beside it counts.", "FILE");
        var device = Parse.Device();
        var json = Parse.Path("--json", "Also write all that was measured, for kernelgen report.", "FILE");

        var command = new Command("tune", "Finds the fastest variant of a model's experts for each number of tokens.")
        {
            model, tensorParallel, expertParallel, type, perChannel, noFusion, tokens, device, output, space, separate, exhaustive, recorded, skew, compared, json, Spaces(terminal),
        };
        command.SetWork(terminal, (parsed, cancellation) =>
        {
            var request = new TuneRequest
            {
                Model = parsed.GetRequiredValue(model),
                TensorParallel = AtLeastOne(tensorParallel, parsed.GetValue(tensorParallel)),
                ExpertParallel = AtLeastOne(expertParallel, parsed.GetValue(expertParallel)),
                Type = parsed.GetValue(type) is > 0 and var number ? TunedModel.Types[number - 1] : null,
                PerChannel = parsed.GetValue(perChannel),
                FuseSharedExpert = !parsed.GetValue(noFusion),
                Device = parsed.GetValue(device),
                Tokens = parsed.GetRequiredValue(tokens),
                Output = parsed.GetValue(output) ?? ".",
                Space = parsed.GetValue(space),
                Separate = parsed.GetValue(separate),
                Exhaustive = parsed.GetValue(exhaustive),
                RecordedIds = parsed.GetValue(recorded),
                Skew = parsed.GetValue(skew),
                Compared = parsed.GetValue(compared),
                Json = parsed.GetValue(json),
                Command = CommandText.Of(parsed),
            };
            TuneRun.Run(request, terminal, cancellation);
        });
        return command;
    }

    private static Command Spaces(Terminal terminal)
    {
        var name = new Argument<string?>("NAME") { Description = "A name or a file: show its values, too.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("spaces", "Lists the search spaces that have a name.") { name };
        command.SetWork(terminal, (parsed, _) => SpaceList.Write(terminal.Output, parsed.GetValue(name)));
        return command;
    }

    private static int AtLeastOne(Option option, int? value) =>
        value is < 1 ? throw new UsageException($"{option.Name} is {value}; expected at least 1") : value ?? 1;
}
